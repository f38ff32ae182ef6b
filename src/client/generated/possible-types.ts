
      export type PossibleTypesResultData = {
  "possibleTypes": {
    "ObservationUpdate": [
      "ObservationCheckpoint",
      "ObservationGap",
      "ObservationRecorded"
    ],
    "TaskUpdate": [
      "TaskCheckpoint",
      "TaskEnded",
      "TaskEventRecorded",
      "TaskGap",
      "TaskSnapshot"
    ]
  }
};
      const result: PossibleTypesResultData = {
  "possibleTypes": {
    "ObservationUpdate": [
      "ObservationCheckpoint",
      "ObservationGap",
      "ObservationRecorded"
    ],
    "TaskUpdate": [
      "TaskCheckpoint",
      "TaskEnded",
      "TaskEventRecorded",
      "TaskGap",
      "TaskSnapshot"
    ]
  }
};
      export default result;
    