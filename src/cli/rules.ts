import { randomUUID } from 'node:crypto';
import { type Command, Option } from 'commander';
import { type Config, loadConfig, USUAL_FILES } from '../config/index.ts';
import { RstError } from '../errors.ts';
import type { ChannelFacts } from '../esl/index.ts';
import { print } from './print.ts';

/** What commander makes of the flags. */
interface TestFlags {
  caller?: string;
  callee?: string;
  direction: 'inbound' | 'outbound';
  leg: 'a' | 'b';
  context?: string;
  profile?: string;
  gateway?: string;
  domain?: string;
  accountCode?: string;
  box?: string;
  variable?: ReadonlyMap<string, string>;
  uuid?: string;
  config?: string;
  json?: true;
}

/** `rst-server rules`: what the rules of a configuration would do. */
export function registerRules(program: Command): void {
  const rules = program.command('rules').description('look at what the rules do');
  rules
    .command('test')
    .description('show which rule decides about a call and why; what is not said of it is empty')
    .option('--caller <number>', "the caller's number")
    .option('--callee <number>', 'the number that was called')
    .addOption(
      new Option('--direction <direction>', 'as FreeSWITCH sees the channel')
        .choices(['inbound', 'outbound'])
        .default('inbound'),
    )
    .addOption(
      new Option('--leg <leg>', 'b: the channel was made for another one')
        .choices(['a', 'b'])
        .default('a'),
    )
    .option('--context <name>', "the dialplan's context")
    .option('--profile <name>', 'the SIP profile')
    .option('--gateway <name>', 'the gateway')
    .option('--domain <name>', 'the SIP domain')
    .option('--account-code <code>', 'the variable accountcode')
    .option('--box <name>', 'the box it is on (the only one, where there is just one)')
    .option(
      '--variable <name=value>',
      'any other channel variable; may be given several times',
      addVariable,
    )
    .option('--uuid <uuid>', 'what a sample goes by (random)')
    .option('-c, --config <file>', `the configuration (default: ${USUAL_FILES.join(', else ')})`)
    .option('--json', 'print one JSON document')
    .action(testRules);
}

async function testRules(flags: TestFlags): Promise<void> {
  const { config, warnings } = loadConfig({ file: flags.config });
  // Only here, because the other commands have no use for what else is in that room.
  const { formatRuleName, Policy } = await import('../esl/index.ts');
  const { rules, trigger, records } = config;
  const facts = factsOf(flags, config);
  const policy = new Policy({ rules, legs: trigger.legs });
  const { decision, passed } = policy.explain(facts);
  const formats = decision.action === 'record' ? (decision.formats ?? records.formats) : null;
  if (flags.json) {
    const document = { uuid: facts.uuid, ...decision, formats, passed, warnings };
    await print(`${JSON.stringify(document, null, 2)}\n`);
    return;
  }
  const lines = [
    ...passed.map((rule) => `${formatRuleName(rule)} does not match: ${rule.why}`),
    decision.why,
    formats ? `The call is recorded (${formats.join(', ')}).` : 'The call is skipped.',
  ];
  await print(`${lines.join('\n')}\n`);
  for (const warning of warnings) process.stderr.write(`rst-server: warning: ${warning}\n`);
}

function factsOf(flags: TestFlags, { freeswitch }: Config): ChannelFacts {
  const [only, second] = freeswitch;
  return {
    uuid: flags.uuid ?? randomUUID(),
    box: flags.box ?? (second ? '' : (only?.name ?? '')),
    channelName: '',
    callerName: '',
    callerNumber: flags.caller ?? '',
    calleeName: '',
    calleeNumber: flags.callee ?? '',
    direction: flags.direction,
    context: flags.context ?? '',
    profile: flags.profile ?? '',
    gateway: flags.gateway ?? '',
    domain: flags.domain ?? '',
    accountCode: flags.accountCode ?? '',
    originator: flags.leg === 'b' ? randomUUID() : null,
    variable: (name) => flags.variable?.get(name),
  };
}

/** One `--variable`, added to those before it. */
function addVariable(
  text: string,
  before: ReadonlyMap<string, string> = new Map(),
): Map<string, string> {
  const equals = text.indexOf('=');
  if (equals < 1)
    throw new RstError('RST_USAGE', `--variable takes NAME=VALUE, not ${JSON.stringify(text)}.`);
  const name = text.slice(0, equals).replace(/^variable_(?=.)/, '');
  return new Map(before).set(name, text.slice(equals + 1));
}
