"""What is written back: warnings, descriptions, webhooks."""

import unittest

import tableauserverclient as TSC
from support import SimulatorTest


class Catalog(SimulatorTest):
    def table(self):
        return self.find(self.server.tables, "ORDERS")

    def find(self, endpoint, name):
        found = [item for item in TSC.Pager(endpoint) if item.name == name]
        self.assertTrue(found, f"items called {name}")
        return found[0]

    def test_a_warning_on_a_table_shows_downstream(self):
        table = self.table()
        warning = TSC.DQWItem("WARNING", "not_null_orders_id failed", True, True)
        added = self.server.tables.add_dqw(table, warning)
        self.assertEqual(added[0].message, "not_null_orders_id failed")
        self.server.tables.populate_dqw(table)
        self.assertEqual([(dqw.warning_type, dqw.severe) for dqw in table.dqws], [("WARNING", True)])

        query = "{ workbooks(filter: {name: \"Orders\"}) { upstreamDataQualityWarnings { message category } } }"
        workbook = self.server.metadata.query(query)["data"]["workbooks"][0]
        self.assertEqual(
            workbook["upstreamDataQualityWarnings"],
            [{"message": "not_null_orders_id failed", "category": "WARNING"}],
        )

        updated = self.server.tables.update_dqw(table, TSC.DQWItem("STALE", "later", True, False))
        self.assertEqual(updated[0].warning_type, "STALE")
        self.server.tables.delete_dqw(table)
        self.server.tables.populate_dqw(table)
        self.assertEqual(table.dqws, [])

    def test_a_description_is_set_and_certification_left_alone(self):
        table = self.table()
        table.description = "One row per order"
        self.assertEqual(self.server.tables.update(table).description, "One row per order")
        query = "{ databaseTables(filter: {name: \"ORDERS\", schema: \"MARTS\"}) { description isCertified } }"
        found = self.server.metadata.query(query)["data"]["databaseTables"]
        self.assertEqual(found, [{"description": "One row per order", "isCertified": False}])

    def test_columns(self):
        table = self.table()
        self.server.tables.populate_columns(table)
        columns = {column.name: column for column in table.columns}
        column = columns["AMOUNT"] if "AMOUNT" in columns else table.columns[0]
        column.description = "In euros"
        self.assertEqual(self.server.tables.update_column(table, column).description, "In euros")

    def test_databases(self):
        names = {database.name for database in TSC.Pager(self.server.databases)}
        self.assertIn("ANALYTICS", names)


class Webhooks(SimulatorTest):
    def item(self, url):
        webhook = TSC.WebhookItem()
        webhook.name = "exposures-wb-updated"
        webhook.url = url
        webhook.event = "workbook-updated"
        return webhook

    def test_create_list_test_delete(self):
        webhook = self.server.webhooks.create(self.item("https://exposures.acme.example/hooks/1"))
        self.assertEqual(webhook.event, "workbook-updated")
        listed, _ = self.server.webhooks.get()
        self.assertIn(webhook.id, [item.id for item in listed])
        self.assertEqual(self.server.webhooks.get_by_id(webhook.id).url, "https://exposures.acme.example/hooks/1")
        self.server.webhooks.test(webhook.id)
        self.server.webhooks.delete(webhook.id)
        listed, _ = self.server.webhooks.get()
        self.assertNotIn(webhook.id, [item.id for item in listed])

    def test_plain_http_is_refused(self):
        with self.assertRaises(TSC.ServerResponseError):
            self.server.webhooks.create(self.item("http://exposures.acme.example/hooks/1"))


if __name__ == "__main__":
    unittest.main()
