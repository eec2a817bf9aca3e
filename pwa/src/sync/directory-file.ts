/** The directory file, read into memory once. It is the same file on every device and holds nothing of anybody's. */

import type { Database, SqlValue } from '@sqlite.org/sqlite-wasm'
import { type Hours, outwardOf, type Service, suggest } from './directory.ts'
import { bytesOf, openBytes } from './sqlite.ts'
import type { Centre, ReceivingCentre, ServiceSuggestion, SuggestionQuery } from './types.ts'

const ADDRESS = '/directory.sqlite'

export type Directory = {
  readonly version: string
  readonly services: readonly Service[]
  readonly centres: readonly Centre[]
  readonly areas: ReadonlyMap<string, Area>
  readonly forces: ReadonlyMap<string, string>
  readonly defaultCentreId: string | null
}

type Area = { readonly areaId: string; readonly forceId: string; readonly defaultCentreId: string }
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
    services: rows(db, 'SELECT * FROM service ORDER BY sort, id').map(service),
    centres: rows(db, 'SELECT id, name, force_id FROM centre ORDER BY name, id').map(centre),
    areas: new Map(area.map((row): [string, Area] => [text(row, 'outward'), areaOf(row)])),
    forces: new Map(rows(db, 'SELECT id, name FROM force').map((row): [string, string] => [text(row, 'id'), text(row, 'name')])),
    defaultCentreId: meta.get('default_centre_id') ?? null,
  }
}

export function servicesFor(of: Directory, query: SuggestionQuery): readonly ServiceSuggestion[] {
  const area = areaAt(of, query.postcode)
  return suggest(of.services, query, area === null ? [] : [area.areaId, area.forceId])
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
  const forceName = area === null ? null : (of.forces.get(area.forceId) ?? null)
  return { ...found, forceName }
}

function areaAt(of: Directory, postcode: string | null): Area | null {
  return of.areas.get(outwardOf(postcode) ?? '') ?? null
}

function areaOf(row: Row): Area {
  return { areaId: text(row, 'area_id'), forceId: text(row, 'force_id'), defaultCentreId: text(row, 'default_centre_id') }
}

function centre(row: Row): Centre {
  return { id: text(row, 'id'), name: text(row, 'name'), forceId: text(row, 'force_id') || null }
}

function service(row: Row): Service {
  return {
    id: text(row, 'id'),
    name: text(row, 'name'),
    description: text(row, 'description'),
    national: Number(row['national']) === 1,
    demo: Number(row['demo']) === 1,
    verified: Number(row['verified']) === 1,
    phone: text(row, 'phone') || null,
    hours: json<readonly Hours[]>(row, 'hours'),
    areas: text(row, 'coverage').split(/[\s,]+/).filter((each) => each !== ''),
    strands: json<readonly string[]>(row, 'strands'),
    subStrands: json<readonly string[]>(row, 'sub_strands'),
    sort: Number(row['sort'] ?? 0),
  }
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
