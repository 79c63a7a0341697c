/** `broker.json` of the configuration folder: how this host, and a client on it, reaches RabbitMQ, and what the host offers there. */
import * as z from 'zod'
import { BridgeName } from '../names.ts'

const File = z.string().regex(/^\/[^\0]*$/, 'must be an absolute path')

/** Characters: two of them have to fit what RabbitMQ says of a claim (tui/broker/claims.ts). */
export const HOST_NAME_LIMIT = 30

export const HostName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?$/)
  .brand<'HostName'>()
  .meta({ id: 'HostName', description: `Name of a host among those on one broker: 1 to ${HOST_NAME_LIMIT} of a-z, 0-9 and "-", not first or last`, examples: ['host1'] })

export const BrokerConfig = z.strictObject({
  url: z
    .string()
    .regex(/^amqps?:\/\/(?!.*@)/, 'must begin with amqp:// or amqps://, without a user or a password')
    .default('amqp://localhost:5672')
    .describe('Of RabbitMQ, with the virtual host as path, of 39 bytes at most; RABBITMQ_HOST in the environment goes before its host'),
  username: z.string().min(1).default('guest').describe('Of RabbitMQ; guest may come from its own host alone, unless RabbitMQ is told otherwise'),
  password: z.string().optional().describe("guest where neither it nor passwordFile is said; broker.json must be readable by its owner alone then"),
  passwordFile: File.optional().describe('Its first line is the password; readable by its owner alone'),
  tls: z
    .strictObject({
      ca: File.optional().describe('PEM; the system\'s authorities where not said'),
      cert: File.optional().describe("PEM, where RabbitMQ wants a client's certificate"),
      key: File.optional().describe('PEM; readable by its owner alone'),
    })
    .default({})
    .describe('For amqps'),
  host: HostName.optional().describe('Under which other hosts know this one; what hostname(1) says where not said'),
  limits: z
    .strictObject({
      vms: z.int().min(0).optional().describe('Most VMs that this host has for a request from the broker to be taken'),
      memoryMiB: z.int().min(0).optional().describe('Most memory of all its VMs together; that of the host where not said').meta({ unit: 'MiB' }),
      diskMiB: z.int().min(0).optional().describe('Most virtual size of all their disks together; what the disk folder has free where not said').meta({ unit: 'MiB' }),
    })
    .default({}),
  atOnce: z.int().min(1).max(64).default(4).describe('VMs that are made at the same time'),
  deadlineSeconds: z.int().min(1).max(86_400).default(60).meta({ unit: 's' }).describe('How long a request that says no expiration is offered to hosts; one that says more than a day is offered for a day'),
  remote: z
    .enum(['none', 'observe', 'control'])
    .default('observe')
    .describe('Which methods JSON-RPC over the broker may call here; making VMs, and the old commands, are always permitted: that is what joining means'),
  legacy: z
    .strictObject({
      memoryMiB: z.int().min(32).default(4096).describe('Of VMs made by old requests').meta({ unit: 'MiB' }),
      bridge: BridgeName.default('br0' as BridgeName).describe('Where a VM with a public address is'),
    })
    .default({ memoryMiB: 4096, bridge: 'br0' as BridgeName }),
})
export type BrokerConfig = z.infer<typeof BrokerConfig>
