/**
 * The words of the packages for what has other words on the command line: an option, and a function that a command calls. Their
 * messages are for programmers, and the command line shows them to operators.
 */
const WORDS: readonly (readonly [RegExp, string])[] = [
  // The policy of a lease does not have these.
  [/(dynamodb:(?:Describe|Create)Table on this table) \(leasePolicy [^)]*\)/g, '$1'],
  [/(?<![\w/-])(lease\.)?(timeoutMs|transactionTimeoutMs)\b/g, '--timeout-ms'],
  [/(?<![\w/-])(lease\.)?ttlMs\b/g, '--ttl-ms'],
  [/(?<![\w/-])(lease\.)?maxClockSkewMs\b/g, '--max-clock-skew-ms'],
  [/(?<![\w/-])(lease\.)?tableName\b/g, '--table'],
  [/(?<![\w/-])tableArn\b/g, '--table-arn'],
  [/(?<![\w/-])leasePolicy\b/g, 'sqlite-efs iam'],
  [/(?<![\w/-])createLeaseTable\b/g, 'sqlite-efs create-table'],
  [/(?<![\w/-])diagnoseLease\b/g, 'sqlite-efs doctor'],
  [/, or (give )?a client with a region\b/g, ' or --region'],
  [/, or a client with credentials\b/g, ''],
  [/\bAWS_ENDPOINT_URL or the client's endpoint\b/g, 'AWS_ENDPOINT_URL'],
]

/** A message of the packages in the words of the command line. */
export const inCliWords = (message: string): string =>
  WORDS.reduce((text, [theirs, ours]) => text.replaceAll(theirs, ours), message)

/** The command or the setting that helps against an error of the lease's table, where the message does not say it already. */
export function hintFor({ code, message }: { code: string; message: string }): string | undefined {
  if (code === 'TABLE_NOT_FOUND') return 'To create the table: sqlite-efs create-table'
  if (code !== 'ACCESS_DENIED') return undefined
  if (isAboutCredentials(message)) return CREDENTIALS
  // Only what a lease needs is in the policy: who creates or describes the table needs more.
  return /\bdynamodb:(Describe|Create)Table\b/.test(message) ? undefined : 'The policy that is needed: sqlite-efs iam'
}

/** The way out where AWS was given no credentials, or none that it knows. */
export const CREDENTIALS =
  'Credentials are found as the AWS SDK finds them: AWS_PROFILE, AWS_ACCESS_KEY_ID, or the role of this machine.'

/** Whether DynamoDB refused the caller's credentials, rather than an action. */
export const isAboutCredentials = (message: string) => /\bcredentials (were found|are not valid)\b/.test(message)
