-- What stands in the database. That of a real application is there before it boots, so this takes next to none of its time.
insert into category (name) values ('books'), ('garden'), ('kitchen'), ('music'), ('toys');
insert into product (name, price, category_id)
    select 'product ' || x, (100 + x) / 100.0, 1 + mod(x, 5) from system_range(0, 499);
insert into review (author, stars, product_id)
    select 'reader ' || r.x, 1 + mod(p.id - 1 + r.x, 5), p.id from product p cross join system_range(0, 2) r order by p.id, r.x;
