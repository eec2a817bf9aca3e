import type { ComponentChildren, JSX } from 'preact'
import { classes } from '../ui/words.ts'

const MANY = 6 // columns: more of them need a wider screen before they stand side by side

type CardTableProps = {
  readonly caption: string
  readonly columns: readonly string[]
  readonly rows: readonly { readonly id: string; readonly cells: readonly ComponentChildren[] }[]
}

/**
 * A table on a desk, cards on a phone; the first cell names the row. The roles are written out, as a
 * browser forgets them when a table is laid out as blocks.
 */
export function CardTable({ caption, columns, rows }: CardTableProps): JSX.Element {
  return (
    <table class={classes('desk-table', columns.length > MANY && 'desk-table--wide')} role="table">
      <caption class="govuk-visually-hidden">{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map((column) => (
            <th key={column} role="columnheader" scope="col">{column}</th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr role="row" key={row.id}>
            {row.cells.map((cell, index) => (
              <Cell key={columns[index]} label={columns[index] ?? ''} first={index === 0}>
                {cell}
              </Cell>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

type CellProps = { readonly label: string; readonly first: boolean; readonly children: ComponentChildren }

function Cell({ label, first, children }: CellProps): JSX.Element {
  if (first) return <th role="rowheader" scope="row">{children}</th>
  return (
    <td role="cell">
      <span class="desk-table__label" aria-hidden="true">{label}</span>
      <div>{children}</div>
    </td>
  )
}
