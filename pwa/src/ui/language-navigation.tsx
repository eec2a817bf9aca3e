export type LanguageOption = { readonly code: string; readonly name: string; readonly dir: 'ltr' | 'rtl' }

type LanguageNavigationProps = {
  readonly label: string
  readonly current: string
  readonly options: readonly LanguageOption[]
  readonly onChoose: (code: string) => void
}

/** Each language in its own name. Choosing one keeps the page and the answers. */
export function LanguageNavigation({ label, current, options, onChoose }: LanguageNavigationProps) {
  return (
    <nav aria-label={label}>
      <ul class="wm-languages">
        {options.map(({ code, name, dir }) => (
          <li key={code}>
            {code === current ? (
              <span class="govuk-body" lang={code} dir={dir} aria-current="true">
                {name}
              </span>
            ) : (
              <button type="button" class="wm-link govuk-body" lang={code} dir={dir} onClick={() => onChoose(code)}>
                {name}
              </button>
            )}
          </li>
        ))}
      </ul>
    </nav>
  )
}
