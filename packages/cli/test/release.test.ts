import { PutItemCommand } from '@aws-sdk/client-dynamodb'
import { describe, expect, test } from 'vitest'
import { cli, cliJson, errorOf } from './support/cli.js'
import { allowing, startTable, TABLE } from './support/table.js'

const KEY = 'database#/mnt/efs/app.db'

describe('release', () => {
  test('takes out whose time is over', async () => {
    const { env, client, leaser } = await startTable()
    await client.send(
      new PutItemCommand({
        TableName: TABLE,
        Item: {
          pk: { S: KEY },
          ticket: { N: '7' },
          't:dead': { N: '7' },
          'u:dead': { N: String(Date.now() - 60_000) },
          'w:dead': { S: 'host:1' },
        },
      }),
    )
    const { code, document } = await cliJson(['release', '--key', KEY, '--ticket', '7'], { env })
    expect(code).toBe(0)
    expect(document).toMatchObject({ key: KEY, swept: { ticket: 7, owner: 'host:1' } })
    expect(await leaser.inspect(KEY)).toMatchObject({ contenders: [], swept: { ticket: 7, owner: 'host:1' } })
  })

  test('leaves one that is alive where it is, and says until when it must be presumed so', async () => {
    const { env, leaser } = await startTable()
    const lease = await leaser.acquire(KEY, { owner: 'alice:1' })
    const args = ['release', '--key', KEY, '--ticket', String(lease.token)]
    const [plain, json] = await Promise.all([cli(args, { env }), cli([...args, '--json'], { env })])
    expect(plain).toMatchObject({ code: 1, stdout: '' })
    expect(plain.stderr).toMatch(/^CONTENDER_ALIVE: alice:1.*presumed alive until/)
    expect(errorOf(json)).toMatchObject({ code: 'CONTENDER_ALIVE' })
    expect(lease.remainingMs()).toBeGreaterThan(0)
    await lease.release()
  })

  test('with --force takes out also one that is alive, which finds its lease lost', async () => {
    const { env, leaser } = await startTable()
    const lease = await leaser.acquire(KEY, { owner: 'alice:1' })
    const { code, stdout } = await cli(['release', '--key', KEY, '--ticket', String(lease.token), '--force'], { env })
    expect(code).toBe(0)
    expect(stdout).toMatch(/alice:1, ticket 1, is out of the line/)
    await expect(lease.renew()).rejects.toMatchObject({ code: 'LEASE_LOST' })
  })

  test('says who is in line where nobody has that ticket', async () => {
    const { env, leaser } = await startTable()
    const lease = await leaser.acquire(KEY, { owner: 'alice:1' })
    const { code, stderr } = await cli(['release', '--key', KEY, '--ticket', '99'], { env })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^NO_SUCH_TICKET: .*alice:1/)
    await lease.release()
  })

  test('says which permission is missing', async () => {
    const { env, leaser, dynamodb } = await startTable()
    const lease = await leaser.acquire(KEY)
    dynamodb.policy = allowing(dynamodb, 'dynamodb:GetItem')
    const { code, stderr } = await cli(['release', '--key', KEY, '--ticket', '1', '--force'], { env })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^ACCESS_DENIED: .*dynamodb:UpdateItem/)
    dynamodb.policy = undefined
    await lease.release()
  })
})
