import { expect, test, vi } from 'vitest'
import { lambdaNode } from '../src/index.js'
import { useFunctions } from './support/functions.js'

const functions = useFunctions()

const lambda = lambdaNode()
const NODES = [['this Node', process.execPath], ...(lambda ? [["Lambda's Node", lambda]] : [])] as [string, string][]

test.each(NODES)('on %s a handler finds what Lambda gives it, and nothing else', async (_, node) => {
  vi.stubEnv('OF_THE_PARENT', 'secret')
  const fn = functions.start('echo', {
    name: 'booking',
    node,
    env: { MINE: 'yes', AWS_REGION: 'eu-central-1', AWS_LAMBDA_FUNCTION_NAME: 'not mine to set' },
    memoryMb: 512,
  })
  const { payload, requestId } = await fn.invoke({ a: [1, null] })
  vi.unstubAllEnvs()
  expect(fn.environments[0]?.logStreamName).toMatch(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/)
  const folder = expect.stringMatching(/test\/fixtures\/functions$/)
  expect(payload).toEqual({
    event: { a: [1, null] },
    cwd: folder,
    env: {
      AWS_DEFAULT_REGION: 'eu-central-1',
      AWS_EXECUTION_ENV: expect.stringMatching(/^AWS_Lambda_nodejs\d+\.x$/),
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
      AWS_LAMBDA_FUNCTION_NAME: 'booking',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/booking',
      AWS_LAMBDA_LOG_STREAM_NAME: fn.environments[0]?.logStreamName,
      AWS_LAMBDA_RUNTIME_API: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      AWS_REGION: 'eu-central-1',
      LAMBDA_TASK_ROOT: folder,
      LANG: 'en_US.UTF-8',
      MINE: 'yes',
      PATH: expect.any(String),
      TZ: ':UTC',
      _HANDLER: 'index.echo',
      _X_AMZN_TRACE_ID: expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$/),
    },
    context: {
      functionName: 'booking',
      invokedFunctionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:booking',
      awsRequestId: requestId,
      isInTime: true,
    },
  })
})

test('what a handler logs comes out as a line of Lambda', async () => {
  const lines: string[] = []
  const fn = functions.start('log', { log: (line) => lines.push(line) })
  const { requestId } = await fn.invoke({ line: 'hello' })
  await vi.waitUntil(() => lines.length > 0)
  expect(lines).toEqual([expect.stringMatching(new RegExp(`^\\S+Z\t${requestId}\tINFO\thello$`))])
})

test('a response that is too large is refused, as an error of the function', async () => {
  const { payload, functionError } = await functions
    .start('answer')
    .invoke({ answer: 'x'.repeat(6 * 1024 * 1024 + 101) })
  expect(functionError).toBe('Unhandled')
  expect(payload).toMatchObject({ errorType: 'Function.ResponseSizeTooLarge' })
})

test.each([
  ['invocation/00000000-0000-0000-0000-000000000000/response', 400, 'InvalidRequestID'],
  ['invocation/next', 404, 'NotFound'],
  ['exit', 404, 'NotFound'],
])('the Runtime API refuses POST %s', async (path, status, errorType) => {
  const { payload } = await functions.start('misuse').invoke({ path, body: '{}' })
  expect(payload).toMatchObject({ status, body: { errorType } })
})
