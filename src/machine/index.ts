/**
 * The machine's public face: the four kinds of machine, and the types that all rooms speak of. Rooms import what they
 * use from the file that has it; this list is for those from outside. Loading it costs little: what is heavy is loaded at
 * first need.
 */
export type { BlockDevice, Disks, MountOptions } from './disks.ts'
export * from './errors.ts'
export type { FileStat, Files, Owner, WriteOptions } from './files.ts'
export type { Http, HttpOutcome, HttpRequest, HttpResponse } from './http.ts'
export { imageMachine } from './image.ts'
export type { Change, Journal } from './journal.ts'
export { readChanges, serializeChanges } from './journal-lines.ts'
export type { DhcpLease, LinkAddress, Links } from './links.ts'
export { liveMachine } from './live.ts'
export type { Log, LogLevel, LogRecord, LogSink } from './log.ts'
export type { Clock, CommandOptions, CommandResult, Machine, MachineKind } from './machine.ts'
export { type MemoryMachine, type MemoryOptions, memoryMachine } from './memory.ts'
export { planMachine } from './plan.ts'
