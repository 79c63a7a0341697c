/** The unit of `aetherscale http`, as the package brings it. */
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { lacksHosts, startHost } from './host-box.ts'

t.test('systemctl reload has the token read anew by the same process, however early it comes', { skip: lacksHosts() }, async (t) => {
  const host = await startHost(t, 'http-unit')
  host.addUser('alice')
  const unit = 'aetherscale-http'
  host.shAs('alice', `
    mkdir -p ~/.config/systemd/user/${unit}.service.d
    printf '[Service]\\nExecStart=\\nExecStart=/usr/lib/aetherscale/node /usr/lib/aetherscale/aetherscale.js http --listen 127.0.0.1:5000\\n' >~/.config/systemd/user/${unit}.service.d/tcp.conf
    systemctl --user daemon-reload; systemctl --user start ${unit}; systemctl --user reload ${unit}`)
  const script = "fetch('http://127.0.0.1:5000/v1/openapi.json',{headers:{authorization:'Bearer '+fs.readFileSync('token','utf8').trim()}}).then(({status})=>console.log(status),()=>console.log('none'))"
  const ask = (): string => host.shAs('alice', `cd; /usr/lib/aetherscale/node -e "${script}"`)
  host.shAs('alice', 'for i in $(seq 600); do cp ~/.config/aetherscale/http.token ~/token 2>/dev/null && exit; sleep 0.1; done; exit 1')
  while (ask() === 'none') await delay(100)
  t.equal(ask(), '200', 'also one that came before it could hear it has not ended it for good')
  const processOf = (): string => host.shAs('alice', `systemctl --user show --property MainPID ${unit}`)
  const before = processOf()
  host.shAs('alice', `rm ~/.config/aetherscale/http.token; systemctl --user reload ${unit}`)
  while (ask() === '200') await delay(100)
  t.equal(ask(), '401')
  host.shAs('alice', 'cp ~/.config/aetherscale/http.token ~/token')
  t.equal(ask(), '200', 'a file that was removed is made')
  t.equal(processOf(), before)
})
