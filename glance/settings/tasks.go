package settings

// Tasks is the options of tasks and of what runs them.
type Tasks struct {
	TimeToLive       int    `name:"task_time_to_live" group:"task" deprecated:"DEFAULT/task_time_to_live" default:"48" min:"0" help:"hours that a task is kept after it has ended"`
	Executor         string `name:"task_executor" group:"task" default:"taskflow" choices:"taskflow,eventlet" help:"what runs tasks; eventlet is an old name of the same"`
	WorkDir          string `name:"work_dir" group:"task" help:"folder for image data that a task of type import works on; unset: data goes to the store as it comes, it is neither looked into nor converted, and nothing is taken out of an OVA"`
	EngineMode       string `name:"engine_mode" group:"taskflow_executor" default:"parallel" choices:"parallel,serial" help:"serial: one task at a time"`
	MaxWorkers       int    `name:"max_workers" group:"taskflow_executor" deprecated:"task/eventlet_executor_pool_size,DEFAULT/eventlet_executor_pool_size" default:"10" min:"1" help:"tasks that run at the same time; others wait"`
	ConversionFormat string `name:"conversion_format" group:"taskflow_executor" choices:"qcow2,raw,vmdk" help:"disk format that a task of type import converts images to: qcow2, raw or vmdk; unset: none"`
}

// Workers returns how many tasks may run at the same time.
func (o Tasks) Workers() int {
	if o.EngineMode == "serial" {
		return 1
	}
	return max(o.MaxWorkers, 1)
}
