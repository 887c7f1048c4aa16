//! Both engines end up with the same schema.

use crate::engines::{Home, with_probe};
use ports::{args, sql::Db};
use std::collections::{BTreeMap, BTreeSet};

/// Table and column to class of type and whether it may be null.
type Columns = BTreeMap<(String, String), (&'static str, bool)>;

async fn columns(db: &Db) -> Columns {
    let mut tx = db.read().await.unwrap();
    // A primary key of SQLite that is the row's number is never null, whatever the catalogue says.
    let sql = tx.dialect(
        "select m.name, c.name, lower(c.type), c.\"notnull\" = 0 and c.type <> 'INTEGER'
         from sqlite_master m join pragma_table_info(m.name) c
         where m.type = 'table' and m.name not like 'sqlite_%'",
        "select table_name::text, column_name::text, data_type::text, is_nullable = 'YES'
         from information_schema.columns where table_schema = current_schema()",
    );
    let rows = tx.rows(sql, args![]).await.unwrap();
    let class = |name: &str| match name {
        "text" => "text",
        "bigint" | "integer" => "int",
        "boolean" => "bool",
        "blob" | "bytea" => "bytes",
        other => panic!("`{other}` is not in the vocabulary of migrations"),
    };
    let column = |row: &ports::sql::Row| {
        let name = (row.text(0).unwrap(), row.text(1).unwrap());
        (name, (class(row.str(2).unwrap()), row.bool(3).unwrap()))
    };
    rows.iter().map(column).collect()
}

/// Indexes that were made by name; the engines' own ones behind keys are left out.
async fn indexes(db: &Db) -> BTreeSet<String> {
    let mut tx = db.read().await.unwrap();
    let sql = tx.dialect(
        "select name from sqlite_master where type = 'index' and sql is not null",
        "select indexname::text from pg_indexes where schemaname = current_schema() and indexname not like '%\\_pkey'",
    );
    tx.rows(sql, args![]).await.unwrap().iter().map(|row| row.text(0).unwrap()).collect()
}

#[tokio::test]
async fn the_names_of_unique_indexes_follow_the_rule() {
    let home = Home::sqlite();
    let db = home.ready().await;
    let mut tx = db.read().await.unwrap();
    let sql = "select m.name, i.name, group_concat(c.name, '_' order by c.seqno)
               from sqlite_master m join pragma_index_list(m.name) i join pragma_index_info(i.name) c
               where m.type = 'table' and i.\"unique\" = 1 and i.origin = 'c' group by m.name, i.name";
    let rows = tx.rows(sql, args![]).await.unwrap();
    assert!(!rows.is_empty());
    for row in rows {
        let (table, index, columns) = (row.str(0).unwrap(), row.str(1).unwrap(), row.str(2).unwrap());
        let expected = format!("{table}_{}_key", columns.strip_suffix("_key").unwrap_or(columns));
        assert_eq!(index, expected);
    }
}

#[tokio::test]
async fn every_constraint_has_a_name() {
    for migration in with_probe() {
        for line in migration.text.lines() {
            let line = line.trim().split("--").next().unwrap();
            let anonymous =
                ["primary key", "references", "check (", "foreign key"].iter().any(|word| line.contains(word));
            assert!(!anonymous || line.starts_with("constraint "), "{}: {line}", migration.name);
            assert!(!line.contains(" unique") || line.starts_with("create unique index"), "{}: {line}", migration.name);
        }
    }
}

#[tokio::test]
async fn both_engines_have_the_same_schema() {
    let lite_home = Home::sqlite();
    let lite = lite_home.ready().await;
    let (lite_columns, lite_indexes) = (columns(&lite).await, indexes(&lite).await);
    assert!(lite_columns.len() > 80 && !lite_indexes.is_empty());
    let Some(home) = Home::postgres().await else { return };
    let db = home.ready().await;
    assert_eq!(columns(&db).await, lite_columns);
    assert_eq!(indexes(&db).await, lite_indexes);

    let other = "select table_name::text, column_name::text from information_schema.columns
                 where table_schema = current_schema() and data_type = 'text' and collation_name is distinct from 'C'";
    let rows = db.read().await.unwrap().rows(other, args![]).await.unwrap();
    let odd: Vec<_> = rows.iter().map(|r| (r.text(0).unwrap(), r.text(1).unwrap())).collect();
    assert_eq!(odd, vec![], "text compares byte by byte everywhere");
    home.clear().await;
}
