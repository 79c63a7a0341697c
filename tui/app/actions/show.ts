/** Straight to a screen, from wherever one is. */
import type { Context } from '../context.ts'
import { currentView, goTo } from '../model/state.ts'
import type { View } from '../model/views.ts'
import { eventsView } from '../screens/events/screen.ts'
import { imagesView } from '../screens/images/first-view.ts'
import { networksView } from '../screens/networks/screen.ts'
import { firstView } from '../screens/vms/first-view.ts'

/** What is shown already stays as it is. */
const show = (view: View) => ({ change }: Context) => change((state) => (currentView(state).screen === view.screen ? state : goTo(state, view)))

export const showActions = {
  'show.vms': show(firstView),
  'show.images': show(imagesView),
  'show.networks': show(networksView),
  'show.events': show(eventsView),
  'show.doctor': show({ screen: 'doctor', top: 0 }),
  'doctor.ask': ({ link }: Context) => link.refresh('checks'),
}
