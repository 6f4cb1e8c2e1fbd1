{% macro cents_to_euro(column) -%}
    round({{ column }} / 100.0, 2)
{%- endmacro %}
