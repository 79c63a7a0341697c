/** Every screen by its name. */
import type { ScreenName, View } from '../model/views.ts'
import type { Screen } from './screen.ts'
import { logScreen } from './log/screen.ts'
import { vmScreen } from './vm/screen.ts'
import { vmsScreen } from './vms/screen.ts'
import { networksScreen } from './networks/screen.ts'
import { networkScreen } from './network/screen.ts'
import { invitationScreen } from './invitation/screen.ts'
import { eventsScreen } from './events/screen.ts'
import { doctorScreen } from './doctor/screen.ts'
import { outputScreen } from './output/screen.ts'
import { imagesScreen } from './images/screen.ts'
import { createScreen } from './create/screen.tsx'
import { importScreen } from './import/screen.tsx'
import { pullScreen } from './pull/screen.tsx'
import { buildScreen } from './build/screen.tsx'
import { planScreen } from './plan/screen.ts'

export type ViewOf<S extends ScreenName> = Extract<View, { screen: S }>

export const screens: { readonly [S in ScreenName]: Screen<ViewOf<S>> } = {
  vms: vmsScreen,
  vm: vmScreen,
  log: logScreen,
  networks: networksScreen,
  network: networkScreen,
  invitation: invitationScreen,
  events: eventsScreen,
  doctor: doctorScreen,
  output: outputScreen,
  images: imagesScreen,
  create: createScreen,
  import: importScreen,
  pull: pullScreen,
  build: buildScreen,
  plan: planScreen,
}

/** The screen of a view; that the two belong together is what the table above says. */
export function screenOf(view: View): Screen<View> {
  return screens[view.screen] as unknown as Screen<View>
}
