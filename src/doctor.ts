export { diagnose } from "./doctor/diagnose.ts";
export type {
  CorsFacts,
  DiagnoseOptions,
  Diagnosis,
  DiagnosisFacts,
  Finding,
  RedirectStep,
} from "./doctor/diagnosis.ts";
export type { FindingLevel, FindingName, FindingTopic } from "./doctor/finding-names.ts";
