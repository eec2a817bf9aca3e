/** Records sound into memory, a second at a time: a browser may lay a large blob on the disk, in the clear. */

const KINDS = ['audio/webm;codecs=opus', 'audio/mp4', 'audio/ogg;codecs=opus']
const BITS_PER_SECOND = 32_000 // a voice is easily understood, and ten minutes are 2.4 MB
const SLICE_MS = 1_000

export type Recording = {
  /** What was recorded so far, for good. */
  readonly stop: () => Promise<File | null>
  /** Nothing of it is kept. */
  readonly drop: () => void
}

export type CannotRecord = 'not_allowed' | 'no_microphone'

/** Asks for the microphone. `failed` is called once at most, when it is taken away. */
export async function record(failed: () => void): Promise<Recording | CannotRecord> {
  const stream = await microphone()
  if (typeof stream === 'string') return stream
  const mimeType = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind))
  const recorder = new MediaRecorder(stream, { ...(mimeType !== undefined && { mimeType }), audioBitsPerSecond: BITS_PER_SECOND })
  return running(recorder, stream, failed)
}

async function microphone(): Promise<MediaStream | CannotRecord> {
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: true })
  } catch (error) {
    return error instanceof DOMException && error.name === 'NotAllowedError' ? 'not_allowed' : 'no_microphone'
  }
}

function running(recorder: MediaRecorder, stream: MediaStream, failed: () => void): Recording {
  const parts: Promise<ArrayBuffer>[] = []
  const ended = new Promise<void>((resolve) => recorder.addEventListener('stop', () => resolve()))
  recorder.addEventListener('dataavailable', ({ data }) => parts.push(data.arrayBuffer()))
  for (const track of stream.getTracks()) track.addEventListener('ended', failed)
  recorder.start(SLICE_MS)
  const release = () => {
    if (recorder.state !== 'inactive') recorder.stop()
    for (const track of stream.getTracks()) track.stop()
  }
  return {
    stop: async () => {
      release()
      await ended
      const heard = await Promise.all(parts)
      const file = new File(heard, '', { type: recorder.mimeType })
      return file.size === 0 ? null : file
    },
    drop: release,
  }
}
