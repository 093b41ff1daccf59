import { check, checkKey, checkObject, checkTableArn } from '../contract/options.js'

/** What {@link leasePolicy} is told. */
export interface LeasePolicyOptions {
  /** The lease table's ARN: `arn:aws:dynamodb:<region>:<account>:table/<name>`. */
  tableArn: string
  /** The one key that the role may use: `database#` and the file's real path, or `lease.key`. */
  key: string
  /** @default 'line' */
  protocol?: 'line' | 'django-sqlite-efs'
}

/** An IAM policy document, as far as {@link leasePolicy} needs one. */
export interface LeasePolicy {
  /** The version of IAM's policy language. */
  Version: '2012-10-17'
  /** One, which allows the protocol's actions on the one key. */
  Statement: {
    Sid: string
    Effect: 'Allow'
    Action: string[]
    Resource: string
    Condition: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': string[] } }
  }[]
}

/** What each protocol asks of DynamoDB. */
export const ACTIONS = {
  line: ['dynamodb:GetItem', 'dynamodb:UpdateItem'],
  'django-sqlite-efs': ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:DeleteItem'],
} as const

/** @throws LeaseError `CONFIGURATION` */
export const checkProtocol = (protocol: keyof typeof ACTIONS = 'line') =>
  check.oneOf('protocol', protocol, ['line', 'django-sqlite-efs'])

/**
 * The least IAM policy with which a leaser works: the actions of its protocol, on one item of one table. The item is named by
 * `dynamodb:LeadingKeys`, the partition keys of a request
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html).
 *
 * {@link createLeaseTable} needs more, and {@link diagnoseLease} says what it could not ask.
 *
 * @throws LeaseError `CONFIGURATION`, naming the option and its value
 */
export function leasePolicy(options: LeasePolicyOptions): LeasePolicy {
  checkObject(options)
  const { tableArn, key } = options
  const protocol = checkProtocol(options.protocol)
  checkTableArn(tableArn)
  checkKey(key)
  // A policy variable, and StringEquals has no way to say it as a text: only by the variable for a dollar sign.
  const literalKey = key.replaceAll('${', '${$}{')
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'SqliteEfsLease',
        Effect: 'Allow',
        Action: [...ACTIONS[protocol]],
        Resource: tableArn,
        Condition: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [literalKey] } },
      },
    ],
  }
}
