import { beforeEach, describe, expect, test, vi } from 'vitest'
import en from '../../src/i18n/en.json'
import { filesSaid, filesWait } from '../../src/report/files-line.tsx'
import * as flow from '../../src/report/flow.ts'
import { photos, picturesInTime, readyPhotos } from '../../src/report/photos.ts'
import { chosenErrors, photoErrors } from '../../src/report/pictures/picture-errors.ts'
import * as prepare from '../../src/report/pictures/prepare.ts'
import { dropPicture, PictureFailed, type PictureFailedCode, preparePicture, type PreparedPicture } from '../../src/sync/index.ts'

vi.mock('../../src/sync/index.ts', async (original) => ({
  ...(await original<typeof import('../../src/sync/index.ts')>()),
  warm: () => undefined,
  // These two draw and seal in a worker, which is a browser's.
  preparePicture: vi.fn(),
  dropPicture: vi.fn(() => Promise.resolve()),
}))

const preparing = vi.mocked(preparePicture)
const dropping = vi.mocked(dropPicture)
const file = (name: string) => new File(['x'], name)
const names = () => photos.value.map((photo) => photo.file.name)

function picture(of: File, kept: boolean): PreparedPicture {
  const preview = new Blob([of.name])
  return { content: of, mediaType: 'image/jpeg', caption: '', hiddenDetails: kept ? 'kept' : 'removed', preview }
}

function failing(code: PictureFailedCode): void {
  preparing.mockImplementation(() => Promise.reject(new PictureFailed(code)))
}

beforeEach(async () => {
  flow.restart()
  await prepare.choose([]) // whatever an earlier test has left in the queue
  preparing.mockReset().mockImplementation((of, kept) => Promise.resolve(picture(of, kept)))
  dropping.mockClear()
})

describe('choosing', () => {
  test('prepares each without its hidden details, one after another', async () => {
    const running: string[] = []
    preparing.mockImplementation(async (of, kept) => {
      running.push(`begins ${of.name}`)
      await Promise.resolve()
      running.push(`ends ${of.name}`)
      return picture(of, kept)
    })

    await prepare.choose([file('a'), file('b')])

    expect(running).toEqual(['begins a', 'ends a', 'begins b', 'ends b'])
    expect(readyPhotos.value.map((photo) => photo.made.picture.hiddenDetails)).toEqual(['removed', 'removed'])
    expect(prepare.news.value).toEqual({ type: 'ready', count: 2 })
  })

  test.each(['empty', 'too_large', 'wrong_type', 'unreadable'] as const)('%s: it is not added, and what to do is said', async (code) => {
    failing(code)

    await prepare.choose([file('letter')])

    expect(names()).toEqual([])
    expect(chosenErrors().map((error) => error.text)).toEqual([expect.stringMatching(/letter.*(Choose|choose)/)])
  })

  test('no more than a report can have', async () => {
    await prepare.choose(Array.from({ length: 12 }, (_, index) => file(`${index}`)))

    expect(names()).toHaveLength(10)
    expect(chosenErrors().map((error) => error.text)).toEqual(['You can add 10 files at most. 2 files were not added'])
  })

  test('what was refused is forgotten at the next choice', async () => {
    failing('empty')
    await prepare.choose([file('a')])
    preparing.mockImplementation((of, kept) => Promise.resolve(picture(of, kept)))

    await prepare.choose([file('b')])

    expect(chosenErrors()).toEqual([])
  })
})

describe('hidden details that cannot be taken out', () => {
  beforeEach(() => {
    preparing.mockImplementation((of, kept) => (kept ? Promise.resolve(picture(of, kept)) : Promise.reject(new PictureFailed('cannot_strip'))))
    return prepare.choose([file('a.heic')])
  })

  test('nothing goes along before its owner has said so', async () => {
    expect(photoErrors().map((error) => error.text)).toEqual(['Choose what to do with file 1'])
    expect(await picturesInTime()).toEqual([])
  })

  test('kept as it is', async () => {
    await prepare.keepThisOne(photos.value[0]?.id ?? '')

    expect(photoErrors()).toEqual([])
    expect((await picturesInTime())?.map((each) => each.hiddenDetails)).toEqual(['kept'])
  })
})

describe('keeping the hidden details of all', () => {
  test('prepares again what is there, and keeps what was said of it', async () => {
    await prepare.choose([file('a')])
    prepare.describe(photos.value[0]?.id ?? '', 'the door')

    await prepare.keepDetails(true)

    expect(await picturesInTime()).toMatchObject([{ hiddenDetails: 'kept', caption: 'the door' }])
    expect(dropping).toHaveBeenCalledTimes(1)
  })

  test('a kind that can only be drawn anew loses them, and says so', async () => {
    preparing.mockImplementation((of, kept) => (kept ? Promise.reject(new PictureFailed('wrong_type')) : Promise.resolve(picture(of, kept))))

    await prepare.keepDetails(true)
    await prepare.choose([file('a.gif')])

    expect((await picturesInTime())?.map((each) => each.hiddenDetails)).toEqual(['removed'])
  })
})

describe('nothing stays in memory', () => {
  test('of a photo that is taken out', async () => {
    const revoke = vi.spyOn(URL, 'revokeObjectURL')
    await prepare.choose([file('a'), file('b')])
    const [first] = readyPhotos.value

    prepare.remove(first?.id ?? '')

    expect(names()).toEqual(['b'])
    expect(prepare.news.value).toEqual({ type: 'removed', count: 1 })
    expect(revoke).toHaveBeenCalledWith(first?.made.address)
    expect(dropping).toHaveBeenCalledWith(first?.made.picture)
  })

  test('of any, when the person leaves', async () => {
    const revoke = vi.spyOn(URL, 'revokeObjectURL')
    await prepare.keepDetails(true)
    await prepare.choose([file('a'), file('b')])
    const addresses = readyPhotos.value.map((photo) => photo.made.address)

    flow.restart()

    expect(photos.value).toEqual([])
    for (const address of addresses) expect(revoke).toHaveBeenCalledWith(address)
    expect(dropping).toHaveBeenCalledTimes(2)
    await prepare.choose([file('c')])
    expect(readyPhotos.value[0]?.made.picture.hiddenDetails).toBe('removed')
  })

  test('of one that was still being prepared when the person left', async () => {
    let done = (_: PreparedPicture): void => undefined
    preparing.mockImplementation(() => new Promise((resolve) => (done = resolve)))
    const made = vi.spyOn(URL, 'createObjectURL')
    made.mockClear()
    const choosing = prepare.choose([file('a')])
    await vi.waitFor(() => expect(preparing).toHaveBeenCalled())

    flow.restart()
    done(picture(file('a'), false))
    await choosing

    expect(photos.value).toEqual([])
    expect(dropping).toHaveBeenCalledTimes(1)
    expect(made).not.toHaveBeenCalled()
  })
})

describe('finishing', () => {
  test('waits for what is being prepared', async () => {
    let done = (_: PreparedPicture): void => undefined
    preparing.mockImplementation(() => new Promise((resolve) => (done = resolve)))
    void prepare.choose([file('a')])
    await vi.waitFor(() => expect(preparing).toHaveBeenCalled())
    const pictures = picturesInTime()

    done(picture(file('a'), false))

    expect(await pictures).toHaveLength(1)
  })

  test('but not for ever', async () => {
    vi.useFakeTimers()
    preparing.mockImplementation(() => new Promise(() => undefined))
    photos.value = [{ id: 'a', file: file('a'), caption: '', attempt: 1, made: { state: 'preparing' } }]
    const pictures = picturesInTime()

    await vi.advanceTimersByTimeAsync(20_000)

    expect(await pictures).toBeNull()
    vi.useRealTimers()
  })

  test('a caption is sealed without half characters and blanks, and never spoils the report', async () => {
    await prepare.choose([file('a'), file('b')])
    prepare.describe(photos.value[0]?.id ?? '', ' the\ud83d door ')
    prepare.describe(photos.value[1]?.id ?? '', '🚪'.repeat(300))

    const pictures = await picturesInTime()

    expect(pictures?.map((each) => each.caption)).toEqual(['the\ufffd door', '🚪'.repeat(200)])
    expect(photoErrors().map((error) => error.text)).toEqual([expect.stringContaining('file 2')])
  })
})

describe('what became of photos', () => {
  const one = en['files.with_report'].one.replace('{count}', '1')

  test.each([
    ['none', { total: 0, arrived: 0, lost: 0, resting: 0 }, true, []],
    ['the report is still here', { total: 1, arrived: 0, lost: 0, resting: 0 }, false, [one]],
    ['some have arrived', { total: 2, arrived: 1, lost: 0, resting: 0 }, true, [en['files.some'].replace('{arrived}', '1').replace('{count}', '2')]],
    ['all have', { total: 2, arrived: 2, lost: 0, resting: 0 }, true, ['2 of 2 files have arrived.']],
  ] as const)('%s', (_, files, sent, said) => {
    expect(filesSaid(files, sent)).toEqual(said)
  })

  test('a lost one is not called on its way', () => {
    const files = { total: 2, arrived: 1, lost: 1, resting: 0 }

    expect(filesWait(files)).toBe(false)
    expect(filesSaid(files, true).join(' ')).toMatch(/^The report has arrived. 1 of 2 files have arrived. 1 file is not on this device any more/)
  })
})
