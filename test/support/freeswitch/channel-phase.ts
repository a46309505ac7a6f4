import type { Stage } from './recorded-channel.ts';

/** Which recorded event a channel's next ones are made of, and the states that they name. */
export interface ChannelPhase {
  stage: Stage;
  state: string;
  stateNumber: number;
  callState: string;
  answerState: string;
}

export function newPhase(): ChannelPhase {
  return {
    stage: 'create',
    state: 'CS_INIT',
    stateNumber: 2,
    callState: 'DOWN',
    answerState: 'ringing',
  };
}

/** The call state is still the old one when CHANNEL_ANSWER is said. */
export function answeredPhase(direction: 'inbound' | 'outbound'): ChannelPhase {
  const common = { stage: 'answer', answerState: 'answered' } as const;
  return direction === 'inbound'
    ? { ...common, state: 'CS_EXECUTE', stateNumber: 4, callState: 'RINGING' }
    : { ...common, state: 'CS_CONSUME_MEDIA', stateNumber: 7, callState: 'DOWN' };
}

export function reportingPhase(): ChannelPhase {
  return {
    stage: 'hangup',
    state: 'CS_REPORTING',
    stateNumber: 11,
    callState: 'HANGUP',
    answerState: 'hangup',
  };
}
