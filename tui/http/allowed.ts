/** Which methods of HTTP a path takes. */
import { deriveRoutes, HTTP_PREFIX } from '../../policy/http/routes.ts'

const others: readonly (readonly [path: string, verbs: readonly string[]])[] = [
  ['/vm', ['GET', 'POST']],
  ['/vm/{name}', ['GET', 'PATCH', 'DELETE']],
  ['/vpn', ['GET']],
  ['/vpn/{name}', ['GET']],
  ['/metrics', ['GET']],
  [`${HTTP_PREFIX}/openapi.json`, ['GET']],
]

/** In the order GET, HEAD, others; none where the path is unknown. */
export function listAllowed(): (path: string) => string[] {
  const routes = deriveRoutes().map(({ path, verb, stream }) => [path, verb === 'GET' && stream === undefined ? ['GET', 'HEAD'] : [verb]] as const)
  const patterns = [...routes, ...others.map(([path, verbs]) => [path, verbs.flatMap((verb) => (verb === 'GET' ? ['GET', 'HEAD'] : [verb]))] as const)].map(
    ([path, verbs]) => ({ verbs, form: new RegExp(`^${path.replaceAll('.', String.raw`\.`).replaceAll(/\{\w+\}/g, '[^/]+')}$`) }),
  )
  return (path) => [...new Set(patterns.filter(({ form }) => form.test(path)).flatMap(({ verbs }) => verbs))]
}
