package config

func effectsOfTasks() map[string]string {
	const (
		api    = ". "
		engine = "internal/tasks "
	)
	return map[string]string{
		"DEFAULT/enable_image_import":         api + "TestImportEnabled",
		"DEFAULT/node_staging_uri":            "config TestStagingFolder",
		"task/task_time_to_live":              api + "TestTaskExpiry",
		"task/task_executor":                  "config TestTaskExecutor",
		"task/work_dir":                       api + "TestImportTask",
		"taskflow_executor/engine_mode":       engine + "TestWorkers",
		"taskflow_executor/conversion_format": api + "TestImportConverts",
		"taskflow_executor/max_workers":       engine + "TestWorkers",
	}
}
