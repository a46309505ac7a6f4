export { type Supervised, SystemdService } from './systemd-service.ts';
