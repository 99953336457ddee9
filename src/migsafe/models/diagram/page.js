const view=document.getElementById('view'),svg=view.querySelector('svg'),
side=document.querySelector('aside'),find=document.querySelector('input'),
count=document.getElementById('count');
const tables=[...svg.querySelectorAll('.table')],links=[...svg.querySelectorAll('.link')];
const W=svg.viewBox.baseVal.width,H=svg.viewBox.baseVal.height;
let x=0,y=0,k=1,held=null,moved=false;
function put(){svg.style.transform=`translate(${x}px,${y}px) scale(${k})`;
svg.classList.toggle('distant',k<.45)}
// From afar only the names are legible: as large as their boxes let them be.
for(const t of tables){const b=t.querySelector('.box'),w=+b.getAttribute('width'),
h=+b.getAttribute('height'),lines=[];
for(const part of t.dataset.name.split(/(?<=[_.])/)){
const last=lines.length-1;if(last>=0&&(lines[last]+part).length<=12)lines[last]+=part;
else lines.push(part)}
const size=Math.min(44,(w-8)/(.62*Math.max(...lines.map(l=>l.length))),(h-6)/lines.length/1.05);
const text=document.createElementNS(svg.namespaceURI,'text');text.setAttribute('class','big');
text.setAttribute('font-size',size);text.setAttribute('text-anchor','middle');
lines.forEach((line,i)=>{const s=document.createElementNS(svg.namespaceURI,'tspan');
s.setAttribute('x',w/2);s.setAttribute('y',h/2+size*(i-(lines.length-1)/2+.35));
s.textContent=line;text.append(s)});t.append(text)}
function fit(){k=Math.min(view.clientWidth/W,view.clientHeight/H,1);
x=(view.clientWidth-W*k)/2;y=Math.max(0,(view.clientHeight-H*k)/2);put()}
function zoom(by,cx=view.clientWidth/2,cy=view.clientHeight/2){
const to=Math.min(4,Math.max(.03,k*by));x=cx-(cx-x)*to/k;y=cy-(cy-y)*to/k;k=to;put()}
view.addEventListener('wheel',e=>{e.preventDefault();const r=view.getBoundingClientRect();
zoom(Math.exp(-e.deltaY*.0015),e.clientX-r.left,e.clientY-r.top)},{passive:false});
view.addEventListener('pointerdown',e=>{held=[e.clientX-x,e.clientY-y];moved=false});
window.addEventListener('pointermove',e=>{if(!held)return;
const nx=e.clientX-held[0],ny=e.clientY-held[1];
if(Math.abs(nx-x)+Math.abs(ny-y)>3){moved=true;view.classList.add('drag')}
if(moved){x=nx;y=ny;put()}});
window.addEventListener('pointerup',()=>{held=null;view.classList.remove('drag')});
function element(kind,text,parent){const e=document.createElement(kind);e.textContent=text;
parent.append(e);return e}
function list(title,items,parent){if(!items.length)return;element('h3',title,parent);
const ul=document.createElement('ul');parent.append(ul);
for(const [id,text] of items){const li=document.createElement('li');ul.append(li);
if(id){const a=element('a',text,li);a.onclick=()=>pick(id,true)}else li.textContent=text}}
function pick(id,go){for(const e of [...tables,...links])e.classList.remove('near','picked');
svg.classList.toggle('chosen',!!id);side.hidden=!id;side.replaceChildren();
if(!id){if(location.hash)history.replaceState(null,'',location.pathname);return}
const at=document.getElementById(id),of=DATA[id];at.classList.add('near','picked');
const up=[],down=[];
for(const l of links){const {child,parent}=l.dataset;if(child!==id&&parent!==id)continue;
l.classList.add('near');const other=child===id?parent:child;
document.getElementById(other).classList.add('near');const title=l.querySelector('title');
if(title)(child===id?up:down).push([other,title.textContent])}
element('h2',of.name,side);if(of.comment)element('p',of.comment,side);
const grid=document.createElement('table');side.append(grid);
for(const r of of.rows){const tr=document.createElement('tr');grid.append(tr);
for(const c of r)element('td',c,tr)}
list('Refers to',up,side);list('Referred to by',down,side);
list('Constraints and indexes',of.others.map(t=>[null,t]),side);
try{history.replaceState(null,'','#'+encodeURIComponent(of.name))}catch(e){}
if(go)show(at)}
function show(at){const b=at.getBBox(),m=at.getCTM(),s=svg.getCTM();
const bx=(m.e-s.e)/s.a+b.width/2,by=(m.f-s.f)/s.d+b.height/2;k=Math.max(k,.8);
x=view.clientWidth/2-bx*k;y=view.clientHeight/2-by*k;put()}
svg.addEventListener('click',e=>{if(moved)return;const t=e.target.closest('.table');
pick(t?t.id:null)});
let hits=[],turn=0;
find.addEventListener('input',()=>{const word=find.value.trim().toLowerCase();turn=0;
hits=word?tables.filter(t=>t.dataset.name.toLowerCase().includes(word)
||DATA[t.id].rows.some(r=>r[0].toLowerCase().includes(word))):[];
hits.sort((a,b)=>b.dataset.name.toLowerCase().includes(word)-a.dataset.name.toLowerCase().includes(word));
for(const t of tables)t.classList.toggle('hit',hits.includes(t));
count.textContent=word?`${hits.length} found`:''});
find.addEventListener('keydown',e=>{if(e.key==='Enter'&&hits.length){
pick(hits[turn%hits.length].id,true);turn++}});
window.addEventListener('keydown',e=>{if(e.key==='Escape')pick(null);
if(e.key==='/'&&e.target!==find){e.preventDefault();find.focus()}});
document.getElementById('in').onclick=()=>zoom(1.3);
document.getElementById('out').onclick=()=>zoom(1/1.3);
document.getElementById('fit').onclick=fit;
window.addEventListener('resize',()=>{if(!svg.classList.contains('chosen'))fit()});fit();
const asked=decodeURIComponent(location.hash.slice(1));
const there=asked&&tables.find(t=>t.dataset.name===asked);if(there)pick(there.id,true);
