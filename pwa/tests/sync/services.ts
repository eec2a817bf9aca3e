/** A service of which nothing is said: what is left out of a vector is as the Structs have it. */

import type { Service } from '../../src/sync/directory.ts'

export const BLANK_SERVICE: Service = {
  id: '',
  name: '',
  description: '',
  coverage: [],
  national: false,
  verified: false,
  demo: false,
  assured_on: null,
  status: 'active',
  phone: null,
  url: '',
  discreet_name: '',
  hours: [],
  strands: [],
  sub_strands: [],
  languages: [],
  interpreter: false,
  channels: [],
  needs: [],
  led_by_and_for: false,
  community_run: false,
  police_run: false,
  shares_with_police: 'with_consent',
  reported_required: false,
  anonymous_ok: false,
  min_age: null,
  max_age: null,
  waiting_days: null,
}
