{% macro to_euro(amount, rate) -%}
    round({{ amount }} * {{ rate }}, 2)
{%- endmacro %}
