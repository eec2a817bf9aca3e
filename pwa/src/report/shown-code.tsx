/** Large, and in parts that can be read out one by one. */
export function ShownCode({ code }: { readonly code: string }) {
  if (isNumber(code))
    return (
      <p class="wm-code wm-code--digits" dir="ltr">
        {(code.match(/\d{5}/g) ?? []).map((part, place) => (
          <span key={place}>{part} </span>
        ))}
      </p>
    )
  return (
    <ol class="wm-code" lang="en" dir="ltr">
      {code.split(' ').map((word, place) => (
        <li key={place}>{word}</li>
      ))}
    </ol>
  )
}

export function isNumber(code: string): boolean {
  return /^\d+$/.test(code)
}
