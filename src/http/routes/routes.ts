import type { FastifyInstance } from 'fastify';
import type { Backend } from '../backend.ts';

/** Adds the routes of one resource. */
export type Routes = (app: FastifyInstance, parts: { backend: Backend }) => void;
