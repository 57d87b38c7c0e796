package glance

import (
	"time"

	"goglance/glance/internal/tasks"
	"goglance/glance/task"
)

// Task is a step of a task, for measurements: it has entered a state, or its flow has come further.
type Task struct {
	Type     task.Type
	Status   task.Status   // that it has entered; "": it has not changed
	Bytes    int64         // that its flow has done since the last report
	Running  int           // 1: it has begun to run here; -1: it does not run any more
	Duration time.Duration // with Running -1: since it began
}

// observe returns Config.Task for the layer below; nil if it is not set.
func (c *Config) observe() func(tasks.Report) {
	if c.Task == nil {
		return nil
	}
	return func(r tasks.Report) { c.Task(Task(r)) }
}
