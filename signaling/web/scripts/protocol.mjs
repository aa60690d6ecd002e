// Generates src/protocol.gen.ts from the Python protocol's schema; `--check` only compares.
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { compile } from 'json-schema-to-typescript'

const source = fileURLToPath(new URL('../../protocol/protocol.schema.json', import.meta.url))
const target = fileURLToPath(new URL('../src/protocol.gen.ts', import.meta.url))

async function generated() {
  const schema = JSON.parse(await readFile(source, 'utf8'))
  const version = schema['x-protocol-version']
  const maxBytes = schema['x-max-message-bytes']
  const names = Object.keys(schema.$defs)
  // One property per definition makes the compiler emit each of them once, by its own name.
  const root = {
    title: 'Protocol',
    description: schema.description,
    type: 'object',
    additionalProperties: false,
    required: names,
    properties: Object.fromEntries(names.map((name) => [name, { $ref: `#/$defs/${name}` }])),
    $defs: schema.$defs,
  }
  const types = await compile(root, 'Protocol', {
    bannerComment: '',
    additionalProperties: false,
    unreachableDefinitions: false,
    style: { semi: false, singleQuote: true, printWidth: 100 },
  })
  return [
    '// Generated from signaling/protocol by `npm run protocol`. Do not edit.',
    '',
    `export const PROTOCOL_VERSION = ${version}`,
    `export const MAX_MESSAGE_BYTES = ${maxBytes}`,
    '',
    types.trimEnd(),
    '',
  ].join('\n')
}

const text = await generated()
if (process.argv.includes('--check')) {
  const committed = await readFile(target, 'utf8').catch(() => '')
  if (committed !== text) {
    console.error('protocol.gen.ts is stale: run `npm run protocol` in signaling/web')
    process.exit(1)
  }
} else {
  await writeFile(target, text)
}
