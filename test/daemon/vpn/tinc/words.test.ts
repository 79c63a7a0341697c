import t from 'tap'
import { explainEnd } from '../../../../daemon/vpn/tinc/words.ts'

const log = (...lines: string[]): string => ['tincd 1.0.36 starting, debug level 0', ...lines, 'Terminating', ''].join('\n')
const device = '/dev/net/tun is a Linux tun/tap device (tap mode)'
const lost = 'Error while reading from Linux tun/tap device (tap mode) /dev/net/tun: File descriptor in bad state'

/** As tincd 1.0.36 wrote them. */
const cases: Record<string, [log: string, reason: string | undefined]> = {
  'a port that is taken': [
    log(device, "Can't bind to 0.0.0.0 port 50000/tcp: Address already in use", "Can't bind to :: port 50000/udp: Address already in use", 'Unable to create any listening socket!'),
    'another program has port 50000',
  ],
  'a port that is not allowed': [
    log(device, "Can't bind to 0.0.0.0 port 655/tcp: Permission denied", "Can't bind to :: port 655/tcp: Permission denied", 'Unable to create any listening socket!'),
    'it cannot listen on port 655: Permission denied',
  ],
  'a port that is taken for one family, and a tap that went later': [
    log(device, "Can't bind to 0.0.0.0 port 50000/udp: Address already in use", 'Ready', ...Array<string>(11).fill(lost), 'Too many errors from /dev/net/tun, exiting!'),
    'its tap was deleted',
  ],
  'a tap of nobody or of another user': [log('Error while trying to configure /dev/net/tun: Operation not permitted'), "its tap is missing, or not this user's"],
  'a tap of another tincd': [log('Error while trying to configure /dev/net/tun: Device or resource busy'), 'another process has its tap'],
  'no tun in the kernel': [log('Could not open /dev/net/tun: No such device'), '/dev/net/tun cannot be opened: No such device'],
  'no key': [log("Error reading RSA private key file `/x y/rsa_key.priv': No such file or directory"), 'its private key cannot be read: No such file or directory'],
  'a key that is none': [
    log("Warning: insecure file permissions for RSA private key file `/x/rsa_key.priv'!", "Reading RSA private key file `/x/rsa_key.priv' failed: No such file or directory"),
    'its private key is none',
  ],
  'no configuration': [
    "Cannot open config file /x/tinc.conf: No such file or directory\nFailed to read `/x/tinc.conf': No such file or directory\n",
    'tinc.conf cannot be read: No such file or directory',
  ],
  'a broken line of the configuration': ["No value for variable `Bogus' on line 11 while reading config file /x/tinc.conf\n", 'line 11 of tinc.conf says nothing about "Bogus"'],
  'its end by a signal': [log(device, 'Ready', 'Got TERM signal'), 'it was told to end (SIGTERM)'],
  'something unknown': [log('Unrecognized cipher type!'), 'Unrecognized cipher type!'],
  'something unknown with characters that move a terminal\'s cursor': [log('Bogus data\u001b[2J received'), 'Bogus data [2J received'],
  'something very long': [log('x'.repeat(1000)), 'x'.repeat(200)],
  'one that was to try anew to reach its hosts': [log(device, 'Ready', 'Got ALRM signal', 'Flushing event queue'), undefined],
  'nothing but its start': [log(device, 'Ready'), undefined],
  'one that was killed after it had been asked for its hosts': [
    'tincd 1.0.36 starting, debug level 0\nReady\nGot HUP signal\nStatistics for Linux tun/tap device (tap mode) /dev/net/tun:\n total bytes in:         446\n' +
      'Nodes:\n b at MYSELF cipher 0 digest 0\nEnd of nodes.\nEdges:\nEnd of edges.\nSubnet list:\n 2:9d:8d:79:a7:9a#10 owner b\nEnd of subnet list.\n',
    undefined,
  ],
  'an empty log': ['', undefined],
}
for (const [name, [text, reason]] of Object.entries(cases)) {
  t.test(`the reason of an end is told: ${name}`, async (t) => {
    t.equal(explainEnd(text), reason)
    const stamped = text.replace(/^(?=.)/gm, '2026-11-27 03:56:44 tinc.blue[51]: ')
    t.equal(explainEnd(stamped), reason, 'with the stamps of a log file')
    t.equal(explainEnd(`${log('Could not open /dev/net/tun: Permission denied')}${text}`), reason ?? (text === '' ? '/dev/net/tun cannot be opened: Permission denied' : reason), 'after a run that ended otherwise')
  })
}
