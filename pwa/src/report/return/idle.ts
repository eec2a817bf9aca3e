/** An open mailbox on a phone that somebody has put down, or on a library's computer that somebody has left. */

import { useEffect, useState } from 'preact/hooks'

const IDLE_MS = 10 * 60_000
const WARNED_MS = 60_000
const LOOK_MS = 5_000
const SIGNS_OF_LIFE = ['pointerdown', 'keydown', 'input', 'scroll'] as const

/** True for a minute before it closes: any key, tap or scroll keeps it open. */
export function useIdleClose(close: () => void): boolean {
  const [closing, setClosing] = useState(false)
  useEffect(() => {
    let livedAt = Date.now()
    const alive = () => {
      livedAt = Date.now()
      setClosing(false)
    }
    const look = () => {
      const idle = Date.now() - livedAt
      // A clock that was set back says nothing of how long.
      if (idle >= IDLE_MS || idle < 0) close()
      else setClosing(idle >= IDLE_MS - WARNED_MS)
    }
    const timer = setInterval(look, LOOK_MS)
    // Timers sleep with the phone: close before anybody sees what was left open.
    document.addEventListener('visibilitychange', look)
    for (const sign of SIGNS_OF_LIFE) addEventListener(sign, alive, { passive: true })
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', look)
      for (const sign of SIGNS_OF_LIFE) removeEventListener(sign, alive)
    }
  }, [])
  return closing
}
