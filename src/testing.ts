export type { BlockStoreContractOptions } from "./testing/block-store-contract.ts";
export { blockStoreContract } from "./testing/block-store-contract.ts";
export type {
  ControllableSource,
  ControllableSourceOptions,
  HeldRead,
  HeldStream,
} from "./testing/controllable-source.ts";
export { controllableSource } from "./testing/controllable-source.ts";
export type { Delivery, Exchange, RequestRecord } from "./testing/exchange.ts";
export { changeHeader, getHeader, removeHeader, setHeader } from "./testing/exchange.ts";
export type { Answer, AskedRequest, BodyPart, ServerProfile } from "./testing/honest-answer.ts";
export type { MisbehaviourSettings } from "./testing/misbehaviour-definition.ts";
export type { Misbehaviour, MisbehaviourName, MisbehaviourRule } from "./testing/misbehaviours.ts";
export { misbehaviourNames } from "./testing/misbehaviours.ts";
export { patternBytes, patternSlice } from "./testing/pattern-bytes.ts";
export type { HeaderRecord } from "./testing/preconditions.ts";
export type { Span } from "./testing/range-field.ts";
export type { RangeServer, RangeServerOptions } from "./testing/range-server.node.ts";
export { startRangeServer } from "./testing/range-server.node.ts";
export type {
  RawExchange,
  RawExpectation,
  RawRequest,
  RawServer,
  RawStep,
} from "./testing/raw-server.node.ts";
export { startRawServer } from "./testing/raw-server.node.ts";
export type { RecordedRead, RecordingSource } from "./testing/recording-source.ts";
export { recordingSource } from "./testing/recording-source.ts";
export type {
  DescribedFile,
  FileContent,
  FileFacts,
  GeneratedFile,
  ServedFile,
} from "./testing/served-file.ts";
export type { BackPressureProbe, SourceCaseOptions } from "./testing/source-case.ts";
export type { ContractCase, SourceContractOptions } from "./testing/source-contract.ts";
export { sourceContract } from "./testing/source-contract.ts";
