"""Projects, workbooks, views, data sources, users, tags."""

import unittest

import tableauserverclient as TSC
from tableauserverclient.server.endpoint.exceptions import InternalServerError
from support import SimulatorTest, control


class Projects(SimulatorTest):
    def test_the_tree_has_equal_names_in_different_branches(self):
        projects = list(TSC.Pager(self.server.projects))
        by_id = {project.id: project for project in projects}
        monthly = [project for project in projects if project.name == "Monthly"]
        self.assertEqual({by_id[project.parent_id].name for project in monthly}, {"Finance", "Sales"})
        finance = self.find(self.server.projects, "Finance")
        self.assertIsNone(finance.parent_id)
        self.assertEqual(finance.description, "Money in, money out")

    def test_hidden_projects_are_absent(self):
        viewer = self.sign_in_as("viewer")
        names = {project.name for project in TSC.Pager(viewer.projects)}
        self.assertIn("Finance", names)
        self.assertNotIn("Board", names)

    def test_every_field(self):
        options = TSC.RequestOptions()
        options.all_fields = True
        projects, _ = self.server.projects.get(options)
        finance = next(project for project in projects if project.name == "Finance")
        self.assertTrue(finance.top_level_project)
        self.assertEqual(finance.workbook_count, 1)


class Workbooks(SimulatorTest):
    def test_a_list(self):
        workbooks, pagination = self.server.workbooks.get()
        self.assertEqual(pagination.total_available, len(workbooks))
        sales = next(workbook for workbook in workbooks if workbook.name.startswith("Sales"))
        self.assertEqual(sales.name, 'Sales & <Margin> "Überblick"')
        self.assertEqual(sales.project_name, "Monthly")
        self.assertEqual(sales.description, "What we sold, and what was left of it")
        self.assertEqual(sales.tags, {"weekly", "finance"})
        self.assertEqual(sales.created_at.isoformat(), "2024-02-14T04:42:09+00:00")
        self.assertIn("/#/site/acme/workbooks/", sales.webpage_url)
        self.assertNotIn("Gone", {workbook.name for workbook in workbooks})

    def test_pages(self):
        options = TSC.RequestOptions(pagesize=2)
        options.sort.add(TSC.Sort(TSC.RequestOptions.Field.Name, TSC.RequestOptions.Direction.Asc))
        names = [workbook.name for workbook in TSC.Pager(self.server.workbooks, options)]
        self.assertGreater(len(names), 4)
        self.assertEqual(names, sorted(names))
        self.assertEqual(len(names), len(set(names)))

    def filtered(self, field, operator, value):
        options = TSC.RequestOptions()
        options.filter.add(TSC.Filter(field, operator, value))
        return {workbook.name for workbook in TSC.Pager(self.server.workbooks, options)}

    def test_filters(self):
        field, operator = TSC.RequestOptions.Field, TSC.RequestOptions.Operator
        self.assertEqual(self.filtered(field.Name, operator.Equals, "Orders"), {"Orders"})
        self.assertEqual(self.filtered(field.Name, operator.In, ["Orders", "Budget"]), {"Orders", "Budget"})
        self.assertIn("Budget", self.filtered(field.ProjectName, operator.Equals, "Finance"))
        self.assertEqual(len(self.filtered(field.Tags, operator.Equals, "weekly")), 1)
        self.assertEqual(len(self.filtered(field.UpdatedAt, operator.GreaterThan, "2025-02-01T00:00:00Z") - {"Monthly close"}), 1)

    def test_filters_and_sort_by_attributes_of_the_queryset(self):
        found = self.server.workbooks.filter(name="Orders").order_by("name")
        self.assertEqual([workbook.name for workbook in found], ["Orders"])

    def test_an_unknown_filter_is_400065(self):
        with self.assertRaises(TSC.ServerResponseError) as refused:
            self.filtered("projectId", TSC.RequestOptions.Operator.Equals, "1")
        self.assertEqual(refused.exception.code, "400065")

    def test_a_page_that_is_too_large_is_403014(self):
        with self.assertRaises(TSC.ServerResponseError) as refused:
            self.server.workbooks.get(TSC.RequestOptions(pagesize=1001))
        self.assertEqual(refused.exception.code, "403014")

    def test_one_workbook_with_its_views(self):
        workbook = self.server.workbooks.get_by_id(self.workbook("Orders").id)
        self.assertEqual([view.name for view in workbook.views], ["Sheet 1"])
        self.assertEqual(workbook.views[0].content_url, "Orders/sheets/Sheet1")

    def test_an_unknown_workbook_is_404006(self):
        with self.assertRaises(TSC.ServerResponseError) as refused:
            self.server.workbooks.get_by_id("00000000-0000-4000-8000-000000000000")
        self.assertEqual(refused.exception.code, "404006")

    def test_a_personal_workbook_has_no_project(self):
        self.assertIsNone(self.workbook("My sketch").project_name)

    def test_connections(self):
        workbook = self.workbook("Monthly close")
        self.server.workbooks.populate_connections(workbook)
        connection = workbook.connections[0]
        self.assertEqual(connection.connection_type, "postgres")
        self.assertEqual(connection.server_address, "app-db.acme.example")
        self.assertEqual(connection.server_port, "5432")
        self.assertEqual(connection.datasource_name, "Close")

    def test_a_published_data_source_is_a_proxy_connection(self):
        workbook = next(found for found in TSC.Pager(self.server.workbooks) if found.name.startswith("Sales"))
        self.server.workbooks.populate_connections(workbook)
        self.assertEqual([connection.connection_type for connection in workbook.connections], ["sqlproxy"])

    def test_views_with_usage(self):
        workbook = next(found for found in TSC.Pager(self.server.workbooks) if found.name.startswith("Sales"))
        self.server.workbooks.populate_views(workbook, usage=True)
        usage = {view.name: view.total_views for view in workbook.views}
        # The hidden sheet is not listed.
        self.assertEqual(usage, {"Totals": 0, "Overview": 42, "The year": 0})

    def test_a_preview_image(self):
        workbook = self.workbook("Orders")
        self.server.workbooks.populate_preview_image(workbook)
        self.assertTrue(workbook.preview_image.startswith(b"\x89PNG\r\n\x1a\n"))

    def test_tags(self):
        workbook = self.workbook("Budget")
        self.assertIn("dbt", self.server.workbooks.add_tags(workbook, ["dbt", "a b"]))
        self.assertEqual(self.workbook("Budget").tags, {"dbt", "a b"})
        self.server.workbooks.delete_tags(workbook, ["a b"])
        self.assertEqual(self.workbook("Budget").tags, {"dbt"})
        self.server.workbooks.delete_tags(workbook, "dbt")
        self.assertEqual(self.workbook("Budget").tags, set())

    def test_update(self):
        workbook = self.workbook("Customers")
        workbook.description = "Who they are"
        self.server.workbooks.update(workbook)
        self.assertEqual(self.workbook("Customers").description, "Who they are")

    def test_a_viewer_may_not_change_it(self):
        viewer = self.sign_in_as("viewer")
        workbook = next(found for found in TSC.Pager(viewer.workbooks) if found.name == "Customers")
        with self.assertRaises(TSC.ServerResponseError) as refused:
            viewer.workbooks.refresh(workbook)
        self.assertEqual(refused.exception.code, "403076")

    def test_server_errors_and_throttling(self):
        control("PUT", "switches", {"server_error_times": 1})
        with self.assertRaises(InternalServerError):
            self.server.workbooks.get()
        control("PUT", "switches", {"throttled_times": 1})
        with self.assertRaises(TSC.ServerResponseError) as refused:
            self.server.workbooks.get()
        self.assertEqual(refused.exception.code, "429000")
        self.server.workbooks.get()


class Views(SimulatorTest):
    def test_a_list_with_usage(self):
        views, pagination = self.server.views.get(usage=True)
        self.assertEqual(pagination.total_available, len(views))
        usage = {view.name: view.total_views for view in views}
        self.assertEqual((usage["Overview"], usage["Close"]), (42, 7))

    def test_pages(self):
        options = TSC.RequestOptions(pagesize=3)
        self.assertGreater(len(list(TSC.Pager(self.server.views, options))), 6)

    def test_one_view_and_its_picture(self):
        view = self.find(self.server.views, "Overview")
        self.assertEqual(self.server.views.get_by_id(view.id, usage=True).total_views, 42)
        self.server.views.populate_preview_image(view)
        self.assertTrue(view.preview_image.startswith(b"\x89PNG"))
        self.server.views.populate_image(view)
        self.assertTrue(view.image.startswith(b"\x89PNG"))


class Datasources(SimulatorTest):
    def test_a_published_data_source(self):
        datasource = self.datasource("Orders model")
        self.assertEqual((datasource.project_name, datasource.datasource_type), ("Finance", "snowflake"))
        self.assertTrue(datasource.certified and datasource.has_extracts)
        self.assertEqual(datasource.tags, {"core"})
        one = self.server.datasources.get_by_id(datasource.id)
        self.assertEqual(one.name, "Orders model")
        self.server.datasources.populate_connections(one)
        self.assertEqual(one.connections[0].connection_type, "snowflake")


class Users(SimulatorTest):
    def test_administrators_see_everyone(self):
        users = {user.name: user for user in TSC.Pager(self.server.users)}
        self.assertEqual(users["vera"].site_role, "Viewer")
        self.assertEqual(users["ben@acme.example"].fullname, "Ben Builder")

    def test_others_see_themselves_alone(self):
        viewer = self.sign_in_as("viewer")
        me = viewer.users.get_by_id(viewer.user_id)
        self.assertEqual((me.name, me.fullname, me.site_role), ("vera", "Vera Viewer", "Viewer"))
        with self.assertRaises(TSC.ServerResponseError):
            viewer.users.get()


if __name__ == "__main__":
    unittest.main()
