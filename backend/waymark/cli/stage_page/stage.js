// The plug, the live line and the tablet's code. Words and numbers go in as text, never as markup.

const LOOK_AGAIN_MS = 1_000
const WORDS = {
  starting: 'Server starting',
  running: 'Server running since',
  unplugged: 'Plug pulled: no server since',
  crashed: 'The server ended by itself at',
}

// As the desk shows times, in whatever country this browser was made for.
const CLOCK = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', timeZone: 'Europe/London' })

const byId = (id) => document.getElementById(id)
const written = (name) => document.querySelector(`meta[name=${name}]`).content
const token = written('stage-token')
const plug = byId('plug')
const desk = byId('desk')
let changing = false
let state = written('stage-state')
/** The desk's frame was filled while there was no server, so the browser's own error stands in it. */
let deskIsLost = state !== 'running'

async function post(path, body) {
  const answer = await fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Waymark-Stage': token },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(String(answer.status))
  return answer.json()
}

/** Only what has changed is written, so that a screen reader is not told the same again. */
function write(id, text) {
  if (byId(id).textContent !== text) byId(id).textContent = text
}

function become(now) {
  state = now
  document.body.dataset.state = now
  if (now !== 'running' || !deskIsLost) return
  deskIsLost = false
  desk.src = desk.src
}

function show(told) {
  const at = CLOCK.format(new Date(told.since))
  const crashed = told.state === 'crashed' ? ` (exit code ${told.exit_code}). Pull the plug and put it in again` : ''
  write('state', told.state === 'starting' ? WORDS.starting : `${WORDS[told.state]} ${at}${crashed}`)
  become(told.state)
  if (!changing) plug.setAttribute('aria-pressed', String(told.state === 'unplugged'))
  write('received', told.received === null ? '–' : String(told.received))
  write('acknowledged', told.acknowledged === null ? '–' : String(told.acknowledged))
}

async function look() {
  try {
    const answer = await fetch('/state', { cache: 'no-store' })
    if (answer.ok && !changing) show(await answer.json())
  } catch {
    write('state', 'This page’s own server has stopped. Start it again with: make run')
    become('crashed')
  }
  setTimeout(look, LOOK_AGAIN_MS)
}

plug.addEventListener('click', async () => {
  if (changing) return
  changing = true
  const pulling = plug.getAttribute('aria-pressed') !== 'true'
  plug.setAttribute('aria-disabled', 'true')
  plug.setAttribute('aria-pressed', String(pulling))
  write('state', pulling ? 'Killing the server' : 'Starting the server')
  become(pulling ? 'unplugged' : 'starting')
  try {
    const told = await post('/plug', { plugged: !pulling })
    changing = false
    show(told)
  } catch {
    changing = false
    write('state', 'That did not work. Load this page again')
  }
  plug.removeAttribute('aria-disabled')
})

desk.addEventListener('load', () => {
  deskIsLost = state !== 'running'
})

byId('make-code').addEventListener('click', async () => {
  try {
    write('code', (await post('/tablet-code', {})).code)
    byId('code-says').hidden = false
  } catch {
    write('code', 'The server does not answer. Is the plug in?')
  }
})

void look()
