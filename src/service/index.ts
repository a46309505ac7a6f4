export { callCost } from './call-cost.ts';
export { CallCounts } from './call-counts.ts';
export { warnOfReading } from './control-warnings.ts';
export {
  type DescriptorRoom,
  descriptorLimitOf,
  descriptorRoom,
  descriptorShortage,
  ownDescriptorRoom,
} from './descriptor-room.ts';
export { type Health, type HealthCheck, HealthProbe, type RecordsFolder } from './health.ts';
export { MinuteLine } from './minute-line.ts';
export { type Supervised, SystemdService } from './systemd-service.ts';
