/** A VPN over three hosts: boxes on one wire, each set up as a user would, with a real guest on each. */
import t from 'tap'
import { lacksHosts } from './host-box.ts'
import { oneHostFallsSilent } from './vpn/advertising.ts'
import { allReachAll, aThirdJoinsUnderTraffic, twoHostsMakeIt } from './vpn/founding.ts'
import { itGoesWithTheLastVm } from './vpn/keeping.ts'
import { aDaemonStartsAgain, aHostBootsAgain, aHostDiesAndComesBack, aTunnelStartsAgain } from './vpn/lasting.ts'
import { aPortThatIsTaken, badTokens, whatDoesNotFit } from './vpn/refused.ts'
import { setScene, type Scene } from './vpn/scene.ts'
import { ipv4OnlyWhereDeclared, nobodyAnswersForOthers, noRouterButTheHost, nothingUnderOthersNames } from './vpn/spoofing.ts'

t.setTimeout(600_000)

t.test('a VPN over three hosts', { skip: lacksHosts() }, async (t) => {
  const scene = await setScene(t)
  const sentences: readonly (readonly [string, (test: typeof t, scene: Scene) => void | Promise<void>])[] = [
    ['two hosts make one, and guests get the addresses that were told at once', twoHostsMakeIt],
    ['a third joins by SSH while the first two talk', aThirdJoinsUnderTraffic],
    ['all guests reach all, with packets of 1,500 bytes too', allReachAll],
    ['what a guest sends under another name than its own arrives at none', nothingUnderOthersNames],
    ['a guest that has the address of another is not heard to', nobodyAnswersForOthers],
    ['IPv4 passes where it was declared alone', ipv4OnlyWhereDeclared],
    ['a guest that says it is a router is believed by no guest and no host', noRouterButTheHost],
    ['a host that falls silent is missed by its own guests alone', oneHostFallsSilent],
    ['bad tokens and names are refused, and change nothing', badTokens],
    ['a prefix that is not granted and a host of the same name are refused, and change nothing', whatDoesNotFit],
    ['a port that another program has taken is told of', aPortThatIsTaken],
    ['a VPN that was made for VMs goes with the last one', itGoesWithTheLastVm],
    ['a tunnel starts again under traffic', aTunnelStartsAgain],
    ['a daemon starts again under traffic', aDaemonStartsAgain],
    ['a host dies, the others go on, and it comes back with its guest', aHostDiesAndComesBack],
    ['a host boots again, and its guest is back', aHostBootsAgain],
  ]
  for (const [sentence, test] of sentences) {
    await t.test(sentence, async (t) => await test(t, scene))
    // Each goes on from the ones before: what it says after one that failed is no news, and takes minutes to say.
    if (!t.passing()) break
  }
})
