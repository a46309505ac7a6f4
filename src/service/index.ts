export { callCost } from './call-cost.ts';
export {
  type DescriptorRoom,
  descriptorLimitOf,
  descriptorRoom,
  descriptorShortage,
} from './descriptor-room.ts';
export { type Supervised, SystemdService } from './systemd-service.ts';
