import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import type { FunctionName } from '../../bundle/bundle.js'
import { BookingStack } from '../../infra/booking-stack.js'
import { readSettings } from '../../infra/settings.js'

/** A resource of a template. */
export interface Resource {
  Type: string
  Properties: Record<string, unknown>
  DependsOn?: string[]
  DeletionPolicy?: string
  UpdateReplacePolicy?: string
}

/** An IAM policy statement, as it stands in a template. */
export interface Statement {
  Sid?: string
  Effect: 'Allow' | 'Deny'
  Action: string | string[]
  Resource?: unknown
  Principal?: unknown
  Condition?: unknown
}

// CDK's validation of the template takes seconds: `synth` has it, as errors.
process.env['CDK_VALIDATION'] = 'false'

const FUNCTIONS: readonly FunctionName[] = ['api', 'migrate', 'open-event']

/** The template of the stack, with these settings, and packages that hold next to nothing. */
export function synthesize(settings: Record<string, string> = {}): Template {
  const folder = mkdtempSync(join(tmpdir(), 'sqlite-efs-infra-'))
  try {
    const folders = FUNCTIONS.map((name) => [name, emptyPackage(join(folder, name))] as const)
    const packages = Object.fromEntries(folders) as Record<FunctionName, string>
    const app = new App({ outdir: join(folder, 'cdk.out'), context: settings })
    return Template.fromStack(new BookingStack(app, 'Booking', { ...readSettings(app.node), packages }))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function emptyPackage(folder: string): string {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'index.mjs'), `export const handler = () => ${JSON.stringify(folder)}\n`)
  return folder
}

/** The resources of a type, by their logical ids. */
export function resourcesOf(template: Template, type: string): [id: string, resource: Resource][] {
  return Object.entries(template.findResources(type)) as [string, Resource][]
}

/** The only resource of a type whose id begins so. */
export function resourceOf(template: Template, type: string, beginning = ''): [id: string, resource: Resource] {
  const found = resourcesOf(template, type).filter(([id]) => id.startsWith(beginning))
  if (found.length !== 1) throw new Error(`${found.length} of ${type} begin with ${beginning}`)
  return found[0]!
}

/** The functions whose code is ours. */
export function ownFunctions(template: Template): [id: string, resource: Resource][] {
  return resourcesOf(template, 'AWS::Lambda::Function').filter(([id]) => !id.startsWith('AWSCDK'))
}
