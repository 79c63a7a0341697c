import t from 'tap'
import { checkCloudConfig, composeUserData } from '../../../daemon/firstboot/user-data.ts'
import type { UserError } from '../../../policy/errors.ts'

const refusal = (text: string): string | undefined => {
  try {
    checkCloudConfig(text)
    return undefined
  } catch (error) {
    t.match(error, { data: { name: 'USER_DATA_INVALID', field: 'userData' } })
    return (error as UserError).message
  }
}

t.test('what cloud-init reads as a cloud-config passes', async (t) => {
  const texts = [
    '#cloud-config',
    '#cloud-config\n{}\n',
    '#cloud-config\r\nusers:\r\n- default\r\n',
    '#cloud-config\npackages: [a]\npackages: [b]\n',
    '#cloud-config\n# only a remark\n',
    '#cloud-config\nwrite_files:\n- path: /x\n  content: |\n    a: [b\n',
  ]
  for (const text of texts) t.equal(refusal(text), undefined, JSON.stringify(text))
})

t.test('everything else is refused, and says why', async (t) => {
  t.match(refusal('#!/bin/sh\necho\n'), /first line/)
  t.match(refusal('users: []\n'), /first line/)
  t.match(refusal('#cloud-configuration\n'), /first line/)
  t.match(refusal('#cloud-config\na: [1, 2\n'), /not YAML/)
  t.match(refusal('#cloud-config\na: b\n\tc: d\n'), /not YAML/)
  t.match(refusal('#cloud-config\n- a\n- b\n'), /no mapping/)
  t.match(refusal('#cloud-config\njust words\n'), /no mapping/)
})

t.test('a bomb of aliases costs nothing', async (t) => {
  const levels = Array.from({ length: 30 }, (_, index) => `l${index + 1}: &l${index + 1} [*l${index}, *l${index}, *l${index}, *l${index}]`)
  t.equal(refusal(['#cloud-config', 'l0: &l0 [x]', ...levels].join('\n')), undefined)
})

const told = { instanceId: 'abcdefgh', isCopy: false }

/** The decoded parts of a multipart text, by their content type. */
function partsOf(text: string): Map<string, string> {
  const boundary = /boundary="([^"]+)"/.exec(text)?.[1] ?? ''
  return new Map(
    text.split(`--${boundary}`).slice(1, -1).map((part) => {
      const [head = '', body = ''] = part.split('\n\n')
      return [/Content-Type: ([^;]+)/.exec(head)?.[1] ?? '', Buffer.from(body, 'base64').toString()]
    }),
  )
}

t.test('a cloud-config alone is given as it is, and beside a script as a part of its own', async (t) => {
  const config = '#cloud-config\r\nhostname: "ü"\r\n'
  t.equal(composeUserData({ ...told, cloudConfig: config }), config)
  const parts = partsOf(composeUserData({ ...told, script: '#!/bin/sh\r\necho "ü"\n', cloudConfig: config }))
  t.equal(parts.get('text/cloud-config'), config)
  const hook = parts.get('text/cloud-boothook') ?? ''
  const [, script = ''] = /init-script\.new <<'END'\n([^]*?)\nEND/.exec(hook) ?? []
  t.equal(Buffer.from(script, 'base64').toString(), '#!/bin/sh\r\necho "ü"\n', 'to the byte')
  t.equal(composeUserData(told), '#cloud-config\n{}\n')
})
