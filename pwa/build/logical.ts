/**
 * PostCSS plugin: physical properties become logical ones, so one stylesheet serves left-to-right and
 * right-to-left. GOV.UK Frontend has no right-to-left support of its own.
 */

import type { Declaration, Plugin } from 'postcss'

const PROPERTIES: Readonly<Record<string, string>> = {
  'margin-left': 'margin-inline-start',
  'margin-right': 'margin-inline-end',
  'padding-left': 'padding-inline-start',
  'padding-right': 'padding-inline-end',
  left: 'inset-inline-start',
  right: 'inset-inline-end',
  'border-left': 'border-inline-start',
  'border-right': 'border-inline-end',
  'border-left-width': 'border-inline-start-width',
  'border-right-width': 'border-inline-end-width',
  'border-left-style': 'border-inline-start-style',
  'border-right-style': 'border-inline-end-style',
  'border-left-color': 'border-inline-start-color',
  'border-right-color': 'border-inline-end-color',
  'border-top-left-radius': 'border-start-start-radius',
  'border-top-right-radius': 'border-start-end-radius',
  'border-bottom-left-radius': 'border-end-start-radius',
  'border-bottom-right-radius': 'border-end-end-radius',
}

const VALUES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'text-align': { left: 'start', right: 'end' },
  float: { left: 'inline-start', right: 'inline-end' },
  clear: { left: 'inline-start', right: 'inline-end' },
}

export function logical(): Plugin {
  return { postcssPlugin: 'logical', Declaration: makeLogical }
}

function makeLogical(declaration: Declaration): void {
  // Ticks and chevrons are drawn with the borders of pseudo-elements: those stay physical.
  if (declaration.prop.startsWith('border') && /::?(before|after)/.test(selectorOf(declaration))) return
  declaration.prop = PROPERTIES[declaration.prop] ?? declaration.prop
  declaration.value = VALUES[declaration.prop]?.[declaration.value] ?? declaration.value
  splitShorthand(declaration)
}

/** `margin: 1px 2px 3px 4px` has a left and a right of its own: split it into block and inline. */
function splitShorthand(declaration: Declaration): void {
  if (!/^(margin|padding|border-width)$/.test(declaration.prop)) return
  const [top, right, bottom, left, ...more] = declaration.value.split(/\s+(?![^(]*\))/)
  if (left === undefined || more.length > 0 || right === left) return
  const border = declaration.prop === 'border-width'
  const block = border ? 'border-block-width' : `${declaration.prop}-block`
  const inline = border ? 'border-inline-width' : `${declaration.prop}-inline`
  declaration.cloneBefore({ prop: block, value: `${top} ${bottom}` })
  declaration.prop = inline
  declaration.value = `${left} ${right}`
}

function selectorOf(declaration: Declaration): string {
  const parent = declaration.parent
  return parent !== undefined && 'selector' in parent ? String(parent.selector) : ''
}
