/** How far a device has counted, as the parcels' store remembers it: SQLite may not have worked that day. */

export const SEQUENCE = 'sequence:'
export type Sequence = { readonly epoch: string; readonly maxSeq: number }
