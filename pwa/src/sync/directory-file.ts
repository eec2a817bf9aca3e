/** The directory file, read into memory once. It is the same file on every device and holds nothing of anybody's. */

import type { Database, SqlValue } from '@sqlite.org/sqlite-wasm'
import { type Channel, type Hours, outwardOf, type Query, type Service, type Suggestion } from './directory.ts'
import { suggest } from './matching.ts'
import { bytesOf, openBytes } from './sqlite.ts'
import type { Centre, ReceivingCentre } from './types.ts'

const ADDRESS = '/directory.sqlite'

export type Directory = {
  readonly version: string
  readonly services: readonly Service[]
  readonly centres: readonly Centre[]
  readonly areas: ReadonlyMap<string, Area>
  readonly forces: ReadonlyMap<string, Force>
  readonly defaultCentreId: string | null
}

type Area = { readonly areaId: string; readonly forceId: string; readonly defaultCentreId: string }
type Force = { readonly name: string; readonly nation: string }
type Row = Readonly<Record<string, SqlValue>>

let opened: Promise<Directory> | null = null

/** A failed load is tried again at the next call. */
export function directory(): Promise<Directory> {
  opened ??= bytesOf(ADDRESS)
    .then(openBytes)
    .then(readDirectory)
    .catch((error: unknown) => {
      opened = null
      throw error
    })
  return opened
}

export function readDirectory(db: Database): Directory {
  const meta = new Map(rows(db, 'SELECT key, value FROM meta').map((row): [string, string] => [text(row, 'key'), text(row, 'value')]))
  const area = rows(db, 'SELECT outward, area_id, force_id, default_centre_id FROM area')
  return {
    version: meta.get('version') ?? '',
    services: rows(db, 'SELECT * FROM service ORDER BY id').map(service),
    centres: rows(db, 'SELECT id, name, force_id FROM centre ORDER BY name, id').map(centre),
    areas: new Map(area.map((row): [string, Area] => [text(row, 'outward'), areaOf(row)])),
    forces: new Map(rows(db, 'SELECT id, name, nation FROM force').map((row): [string, Force] => [text(row, 'id'), forceOf(row)])),
    defaultCentreId: meta.get('default_centre_id') ?? null,
  }
}

/** `query` without its place: that is looked up here, where the areas are. */
export function servicesFor(of: Directory, query: Query, postcode: string | null, at: Date): readonly Suggestion[] {
  const area = areaAt(of, postcode)
  if (area === null) return suggest(of.services, query, at)
  const nation = of.forces.get(area.forceId)?.nation ?? ''
  return suggest(of.services, { ...query, area_ids: [area.areaId, area.forceId], nation }, at)
}

export function centreRows(of: Directory): readonly Centre[] {
  return of.centres
}

/** The area's own centre, else the pack's default: every report has one. */
export function receivingCentreOf(of: Directory, postcode: string | null): ReceivingCentre {
  const area = areaAt(of, postcode)
  const id = area?.defaultCentreId ?? of.defaultCentreId
  const found = of.centres.find((each) => each.id === id) ?? of.centres[0]
  if (found === undefined) throw new Error('no_centre')
  const forceName = area === null ? null : (of.forces.get(area.forceId)?.name ?? null)
  return { ...found, forceName }
}

function areaAt(of: Directory, postcode: string | null): Area | null {
  return of.areas.get(outwardOf(postcode) ?? '') ?? null
}

function areaOf(row: Row): Area {
  return { areaId: text(row, 'area_id'), forceId: text(row, 'force_id'), defaultCentreId: text(row, 'default_centre_id') }
}

function forceOf(row: Row): Force {
  return { name: text(row, 'name'), nation: text(row, 'nation') }
}

function centre(row: Row): Centre {
  return { id: text(row, 'id'), name: text(row, 'name'), forceId: text(row, 'force_id') || null }
}

function service(row: Row): Service {
  return {
    id: text(row, 'id'),
    name: text(row, 'name'),
    description: text(row, 'description'),
    coverage: json<readonly string[]>(row, 'coverage'),
    national: flag(row, 'national'),
    verified: flag(row, 'verified'),
    demo: flag(row, 'demo'),
    assured_on: text(row, 'assured_on') || null,
    status: text(row, 'status'),
    phone: text(row, 'phone') || null,
    url: text(row, 'url'),
    discreet_name: text(row, 'discreet_name'),
    hours: json<readonly Hours[]>(row, 'hours'),
    strands: json<readonly string[]>(row, 'strands'),
    sub_strands: json<readonly string[]>(row, 'sub_strands'),
    languages: json<readonly string[]>(row, 'languages'),
    interpreter: flag(row, 'interpreter'),
    channels: json<readonly Channel[]>(row, 'channels'),
    needs: json<readonly string[]>(row, 'needs'),
    led_by_and_for: flag(row, 'led_by_and_for'),
    community_run: flag(row, 'community_run'),
    police_run: flag(row, 'police_run'),
    shares_with_police: police(row),
    reported_required: flag(row, 'reported_required'),
    anonymous_ok: flag(row, 'anonymous_ok'),
    min_age: count(row, 'min_age'),
    max_age: count(row, 'max_age'),
    waiting_days: count(row, 'waiting_days'),
  }
}

/** What cannot be understood is taken to tell the police: it is then shown only to who tells them, too. */
function police(row: Row): Service['shares_with_police'] {
  const said = text(row, 'shares_with_police')
  return said === 'never' || said === 'with_consent' ? said : 'always'
}

function flag(row: Row, name: string): boolean {
  return Number(row[name]) === 1
}

function count(row: Row, name: string): number | null {
  const value = row[name]
  return typeof value === 'number' ? value : null
}

function rows(db: Database, sql: string): readonly Row[] {
  return db.selectObjects(sql)
}

function text(row: Row, name: string): string {
  const value = row[name]
  return typeof value === 'string' ? value : ''
}

/** The file comes from our own build: its JSON is trusted to have the shape that the builder gave it. */
function json<T extends readonly unknown[]>(row: Row, name: string): T {
  return JSON.parse(text(row, name) || '[]') as T
}
