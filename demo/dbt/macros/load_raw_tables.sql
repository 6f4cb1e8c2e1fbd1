{#
  Plays the extract-and-load tool: fills the raw schemas from the CSV files in raw_data/.
  `loaded_at` lies a fixed time before now, so that `dbt source freshness` always finds the same: most tables fresh, the
  web sessions late, the currency rates far too late.
#}
{% macro load_raw_tables() %}
    {% set tables = [
        ('raw', 'customers', 'customers.csv', 2),
        ('raw', 'orders', 'orders.csv', 2),
        ('raw', 'order_items', 'order_items.csv', 2),
        ('raw', 'products', 'products.csv', 2),
        ('raw', 'returns', 'returns.csv', 2),
        ('raw_payments', 'stripe_payments', 'payments.csv', 3),
        ('raw_payments', 'currency_rates', 'currency_rates.csv', 100),
        ('raw_web', 'sessions', 'sessions.csv', 30),
        ('raw_web', 'page_views', 'page_views.csv', 1),
    ] %}
    {% if execute and flags.WHICH in ('build', 'run', 'seed', 'snapshot', 'test') %}
        {% for schema, table, file, hours in tables %}
            create schema if not exists {{ schema }};
            create or replace table {{ schema }}.{{ table }} as
                select *, now() - interval {{ hours }} hour as loaded_at
                from read_csv('raw_data/{{ file }}', header = true);
        {% endfor %}
    {% else %}
        select 1
    {% endif %}
{% endmacro %}
