package tasks

import (
	"time"

	"goglance/glance/task"
)

// Report is what has happened to a task, for measurements.
type Report struct {
	Type     task.Type
	Status   task.Status   // that it has entered; "": it has not changed
	Bytes    int64         // that its flow has done since the last report
	Running  int           // 1: it has begun to run here; -1: it does not run any more
	Duration time.Duration // with Running -1: since it began
}
