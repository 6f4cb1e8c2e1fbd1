"""Extract refreshes, jobs, scheduled tasks."""

import unittest

import tableauserverclient as TSC
from tableauserverclient.server.endpoint.exceptions import JobCancelledException, JobFailedException
from support import SimulatorTest, advance, control


class Refresh(SimulatorTest):
    def test_a_workbook_refresh_runs_and_fails_with_notes(self):
        job = self.server.workbooks.refresh(self.workbook("Monthly close"))
        self.assertEqual((job.type, job.mode), ("RefreshExtract", "Asynchronous"))
        waiting = self.server.jobs.get_by_id(job.id)
        self.assertIsNone(waiting.started_at)
        self.assertIsNone(waiting.completed_at)
        advance(10)
        running = self.server.jobs.get_by_id(job.id)
        self.assertIsNotNone(running.started_at)
        self.assertEqual((running.progress, running.finish_code), ("0", -1))
        advance(60)
        with self.assertRaises(JobFailedException) as failed:
            self.server.jobs.wait_for_job(job.id)
        self.assertIn("Login failed", str(failed.exception.notes))
        self.assertEqual(self.server.jobs.get_by_id(job.id).finish_code, 1)

    def test_a_data_source_refresh_succeeds_and_moves_its_time(self):
        datasource = self.datasource("Orders model")
        job = self.server.datasources.refresh(datasource)
        advance(3600)
        done = self.server.jobs.wait_for_job(job.id)
        self.assertEqual(done.finish_code, 0)
        query = "query T($luid: String) { publishedDatasources(filter: {luid: $luid}) { extractLastRefreshTime } }"
        answer = self.server.metadata.query(query, {"luid": datasource.id})
        refreshed = answer["data"]["publishedDatasources"][0]["extractLastRefreshTime"]
        self.assertEqual(refreshed, done.completed_at.strftime("%Y-%m-%dT%H:%M:%SZ"))

    def test_an_incremental_refresh(self):
        job = self.server.datasources.refresh(self.datasource("Orders model"), incremental=True)
        jobs, _ = self.server.jobs.get(req_options=self.jobs_of_type("increment_extracts"))
        self.assertIn(job.id, [found.id for found in jobs])

    def test_a_second_refresh_while_one_is_pending_is_none(self):
        workbook = self.workbook("Monthly close")
        self.assertIsNotNone(self.server.workbooks.refresh(workbook))
        self.assertIsNone(self.server.workbooks.refresh(workbook))

    def test_a_live_workbook_is_409090(self):
        with self.assertRaises(TSC.ServerResponseError) as refused:
            self.server.workbooks.refresh(self.workbook("Orders"))
        self.assertEqual(refused.exception.code, "409090")

    def test_too_many_refreshes_are_429000(self):
        control("PUT", "switches", {"refreshes_per_hour": 1})
        self.server.workbooks.refresh(self.workbook("Monthly close"))
        with self.assertRaises(TSC.ServerResponseError) as refused:
            self.server.datasources.refresh(self.datasource("Orders model"))
        self.assertEqual(refused.exception.code, "429000")
        self.assertIn("Please retry after 60 minutes.", refused.exception.detail)
        advance(3600)
        self.assertIsNotNone(self.server.datasources.refresh(self.datasource("Orders model")))

    def test_cancel(self):
        job = self.server.workbooks.refresh(self.workbook("Monthly close"))
        self.server.jobs.cancel(job.id)
        advance(1)
        with self.assertRaises(JobCancelledException):
            self.server.jobs.wait_for_job(job.id)
        with self.assertRaises(TSC.ServerResponseError) as refused:
            self.server.jobs.cancel(job.id)
        self.assertEqual(refused.exception.code, "403091")

    @staticmethod
    def jobs_of_type(job_type):
        options = TSC.RequestOptions()
        options.filter.add(TSC.Filter(TSC.RequestOptions.Field.JobType, TSC.RequestOptions.Operator.Equals, job_type))
        return options

    def test_the_list_of_jobs(self):
        job = self.server.workbooks.refresh(self.workbook("Monthly close"))
        advance(10)
        jobs, _ = self.server.jobs.get(req_options=self.jobs_of_type("refresh_extracts"))
        found = next(item for item in jobs if item.id == job.id)
        self.assertEqual((found.status, found.title, found.type), ("InProgress", "Monthly close", "refresh_extracts"))

    def test_an_unknown_job_is_404018(self):
        with self.assertRaises(TSC.ServerResponseError) as refused:
            self.server.jobs.get_by_id("00000000-0000-4000-8000-000000000000")
        self.assertEqual(refused.exception.code, "404018")


class Tasks(SimulatorTest):
    def test_list_and_run(self):
        tasks, _ = self.server.tasks.get()
        self.assertEqual(len(tasks), 1)
        task = tasks[0]
        self.assertEqual((task.target.type, task.target.id), ("workbook", self.workbook("Monthly close").id))
        self.assertEqual(task.schedule_item.name, "Nightly")
        one = self.server.tasks.get_by_id(task.id)
        self.assertEqual(one.id, task.id)
        answer = self.server.tasks.run(task)
        self.assertIn(b"RefreshExtract", answer)


if __name__ == "__main__":
    unittest.main()
