export { type ReportRequest, type WrittenReport, writeReport } from './report.ts';
