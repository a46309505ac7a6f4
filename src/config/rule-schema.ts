import { z } from 'zod';
import { formats, legs, oneOf, read } from './fields.ts';
import { PERCENTAGE_FORM, parsePercentage } from './percentage.ts';
import { plainVariableName } from './variable-name.ts';

const ACTIONS = ['record', 'skip'] as const;

/** What a person may write for a pattern, for messages. */
export const PATTERN_FORM = 'a pattern such as "1*", "?00" or "!anonymous", or a list of them';

const pattern = patterns(z.string().max(256), PATTERN_FORM);

/** Every key of a `[[rules]]`. */
export const RULE_KEYS = {
  name: z
    .string()
    .regex(/^\P{Cc}{1,100}$/u)
    .optional()
    .describe('a name of 1 to 100 characters'),
  caller: pattern,
  callee: pattern,
  direction: patterns(
    z.string().regex(/^!?(inbound|outbound)$/),
    '"inbound", "outbound", one of them with a "!" before it, or a list of them',
  ),
  context: pattern,
  profile: pattern,
  gateway: pattern,
  domain: pattern,
  account_code: pattern,
  box: pattern,
  variables: z
    .record(z.string(), pattern.unwrap())
    .optional()
    .describe('a table of patterns by the names of variables, such as { department = "sales" }'),
  action: z.enum(ACTIONS).prefault('record').describe(oneOf(ACTIONS)),
  sample: z.string().transform(read(parsePercentage)).optional().describe(PERCENTAGE_FORM),
  formats: formats()
    .optional()
    .describe(formats().description as string),
  legs: legs()
    .optional()
    .describe(legs().description as string),
};

/** One rule; where it has no `patterns` for something, any value of that is right. */
export const ruleSchema = z.strictObject(RULE_KEYS).transform((rule) => {
  const { caller, callee, direction, context, profile, gateway, domain, box } = rule;
  return {
    name: rule.name ?? null,
    patterns: {
      caller,
      callee,
      direction,
      context,
      profile,
      gateway,
      domain,
      accountCode: rule.account_code,
      box,
    },
    variables: Object.entries(rule.variables ?? {}).map(([name, list]) => ({
      name: plainVariableName(name),
      patterns: list,
    })),
    action: rule.action,
    samplePercent: rule.sample ?? null,
    formats: rule.formats ?? null,
    legs: rule.legs ?? null,
  };
});

/** One pattern or a list of them, as a list. */
function patterns(one: z.ZodString, form: string) {
  return z
    .union([one, z.array(one).min(1)])
    .transform((value) => (typeof value === 'string' ? [value] : value))
    .optional()
    .describe(form);
}
