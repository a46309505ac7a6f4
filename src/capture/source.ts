/** Who sent a datagram. */
export interface Source {
  address: string;
  port: number;
}
