"""The Metadata API through the client."""

import unittest

import tableauserverclient as TSC
from tableauserverclient.server.endpoint.exceptions import GraphQLError, NonXMLResponseError
from support import SimulatorTest, control

PAGES = """
query Pages($first: Int, $afterToken: String) {
  workbooksConnection(first: $first, after: $afterToken, orderBy: {field: NAME, direction: ASC}) {
    nodes { luid name }
    pageInfo { hasNextPage endCursor }
    totalCount
  }
}
"""


class Metadata(SimulatorTest):
    def names(self, pages):
        return [node["name"] for page in pages for node in page["data"]["workbooksConnection"]["nodes"]]

    def test_a_query(self):
        query = "{ workbooks(filter: {name: \"Orders\"}) { name luid upstreamTables { fullName database { name } } } }"
        answer = self.server.metadata.query(query)
        workbook = answer["data"]["workbooks"][0]
        self.assertEqual(workbook["luid"], self.workbook("Orders").id)
        self.assertEqual(
            workbook["upstreamTables"],
            [{"fullName": "[ANALYTICS].[MARTS].[ORDERS]", "database": {"name": "ANALYTICS"}}],
        )

    def test_variables(self):
        query = "query Named($name: String) { workbooks(filter: {name: $name}) { name } }"
        answer = self.server.metadata.query(query, {"name": "Budget"})
        self.assertEqual(answer["data"]["workbooks"], [{"name": "Budget"}])

    def test_paginated_query(self):
        answer = self.server.metadata.paginated_query(PAGES, {"first": 2, "afterToken": None})
        names = self.names(answer["pages"])
        self.assertGreater(len(answer["pages"]), 3)
        self.assertEqual(names, sorted(names))
        # Known to the index only, and to REST only.
        self.assertIn("Gone", names)
        self.assertNotIn("Fresh", names)

    def test_a_query_with_an_error_raises_when_asked_to(self):
        with self.assertRaises(GraphQLError):
            self.server.metadata.query("{ workbooks { nothing } }", abort_on_error=True)
        answer = self.server.metadata.query("{ workbooks { nothing } }")
        self.assertIsNone(answer["data"])
        self.assertEqual(
            answer["errors"][0]["message"],
            "Validation error of type FieldUndefined: Field 'nothing' in type 'Workbook' is undefined "
            "@ 'workbooks/nothing'",
        )

    def test_an_unauthorized_query_is_json(self):
        control("PUT", "switches", {"sporadic_unauthorized_times": 1})
        with self.assertRaises(NonXMLResponseError):
            self.server.metadata.query("{ workbooks { name } }")
        self.server.metadata.query("{ workbooks { name } }")

    def test_backfill_and_eventing_status(self):
        self.assertIsNotNone(self.server.metadata.backfill_status())
        self.assertIsNotNone(self.server.metadata.eventing_status())

    def test_a_viewer_gets_null_for_hidden_names(self):
        viewer = self.sign_in_as("viewer")
        query = "{ databaseTables { luid name fullName database { name } } }"
        tables = viewer.metadata.query(query)["data"]["databaseTables"]
        hidden = [table for table in tables if table["name"] is None]
        self.assertEqual(len(hidden), 1)
        self.assertTrue(hidden[0]["luid"])
        self.assertEqual((hidden[0]["fullName"], hidden[0]["database"]), (None, {"name": None}))


if __name__ == "__main__":
    unittest.main()
